import type { ArticleId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import { newId } from '@support101/service-kit';
import { type Engine, prepareSchema, type Prepared } from '@support101/service-testing';
import { learningService } from '../src/app.module.js';
import { type ArticleRow, KnowledgeRepository } from '../src/knowledge/knowledge.repository.js';
import { type ArticleText, articleText } from '../src/knowledge/knowledge.rules.js';
import { passagesOf, plainText } from '../src/knowledge/knowledge-passages.rules.js';
import { HashingEmbedder } from './hashing-embedder.js';

/** The service as repositories are tested with it. */
export const definition = learningService({ embedder: new HashingEmbedder() });

/** Makes a database on the engine and migrates it. */
export const prepare = (engine: Engine): Promise<Prepared> => prepareSchema(definition, engine);

const repository = new KnowledgeRepository();

/** Writes an article with its passages and postings, as the service does. */
export async function insertArticle(tx: Tx, given: Partial<ArticleText>): Promise<ArticleRow> {
  const text = articleText({ title: 'Title', content: 'Content', ...given });
  const row = await repository.insert(tx, newId('art'), text, new Date('2026-11-22T12:00:00.000Z'));
  await repository.savePassages(tx, row, passagesOf(text.content), plainText(text.content));
  return row;
}

/** Like `insertArticle`, in a transaction of its own. */
export async function addArticle({ database }: Prepared, tenantId: TenantId, given: Partial<ArticleText>): Promise<ArticleId> {
  const row = await database.forTenant(tenantId, (tx) => insertArticle(tx, given));
  return row.articleId;
}
