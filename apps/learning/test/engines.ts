import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArticleId, TenantId } from '@support101/contracts';
import { type Database, migrate, openDatabase, startEmbedded, type Tx } from '@support101/database';
import { migrationSets, newId } from '@support101/service-kit';
import { embeddedPostgres, postgres, type TestServer } from '@support101/testing';
import { learningService } from '../src/app.module.js';
import { type ArticleRow, KnowledgeRepository } from '../src/knowledge/knowledge.repository.js';
import { type ArticleText, articleText } from '../src/knowledge/knowledge.rules.js';
import { passagesOf, plainText } from '../src/knowledge/knowledge-passages.rules.js';
import { HashingEmbedder } from './hashing-embedder.js';

/** What the tests of repositories run on: every one of these. */
export const engines = ['native', 'embedded'] as const;

/** Making an empty embedded database takes seconds; a run makes one and copies it. */
const templates = join(tmpdir(), `s101-embedded-templates-${process.getuid?.() ?? 0}`);

/** A database of one's own on the engine. */
export function startEngine(engine: (typeof engines)[number]): Promise<TestServer> {
  return engine === 'native' ? postgres() : embeddedPostgres((options) => startEmbedded({ ...options, templates }));
}

/** The migrated schema of learning on a database of its own. */
export interface Prepared {
  readonly url: string;
  readonly database: Database;
  close(): Promise<void>;
}

/** Makes a database on the engine and migrates it. */
export async function prepare(engine: (typeof engines)[number]): Promise<Prepared> {
  const embedded = engine === 'embedded';
  const definition = learningService({ embedder: new HashingEmbedder() });
  const server = await startEngine(engine);
  await migrate({ url: server.url, schema: definition.schema, sets: migrationSets(definition) });
  const database = await openDatabase({ url: server.url, schema: definition.schema, embedded });
  return {
    url: server.url,
    database,
    close: async () => {
      await database.close();
      await server.close();
    },
  };
}

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
