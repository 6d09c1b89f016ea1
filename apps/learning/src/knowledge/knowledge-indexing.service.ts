import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '@support101/database';
import { defineJob, Jobs, type RefillItem } from '@support101/jobs';
import type { Embedder } from '@support101/models';
import { type Log, LOG, ServiceDatabase } from '@support101/service-kit';
import { ArticleId, TenantId } from '@support101/contracts';
import { type EntryId, PathId } from '@support101/contracts/learning';
import { z } from 'zod';
import { EMBEDDER, toBytes } from '../platform/embedder.js';
import { type ArticleRow, KnowledgeRepository, type Unindexed } from './knowledge.repository.js';
import { embeddedText } from './knowledge.rules.js';
import { passagesOf, plainText } from './knowledge-passages.rules.js';

export type { Unindexed };

/** Gives the passages of one article version their vectors. */
export const indexArticle = defineJob({
  name: 'knowledge.index',
  payload: z.object({ tenantId: TenantId, articleId: z.union([ArticleId, PathId]), version: z.number().int() }),
  attempts: 8,
  backoffMs: 1000,
  concurrency: 1,
  timeoutMs: 120_000,
});

const refillPage = 500;

/** Makes articles findable: by their words in the transaction that writes them, by their meaning in a job after it. */
@Injectable()
export class IndexingService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly articles: KnowledgeRepository,
    private readonly jobs: Jobs,
    @Inject(EMBEDDER) private readonly embedder: Embedder,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Writes passages and postings of an article that has just been written, and has its vectors made after the commit. */
  prepare(tx: Tx, article: ArticleRow): Promise<void> {
    return this.#prepare(tx, article, passagesOf(article.content));
  }

  /**
   * Makes a golden path findable among the articles, in place of what it was before. Its first passage is the question
   * alone, since the next customer's question resembles that and not the answer.
   */
  async keepPath(tx: Tx, pathId: PathId, path: { question: string; answer: string }, now: Date): Promise<void> {
    const text = { title: path.question, content: path.answer, sourceUrl: null, tags: [] };
    const before = await this.articles.findForUpdate(tx, pathId);
    const row = await (before === undefined
      ? this.articles.insert(tx, pathId, text, now)
      : this.articles.replace(tx, pathId, text, now));
    await this.#prepare(tx, row, [path.question, ...passagesOf(path.answer)]);
  }

  /** No search finds the golden path any more. */
  async dropPath(tx: Tx, pathId: PathId): Promise<void> {
    if ((await this.articles.findForUpdate(tx, pathId)) !== undefined) await this.articles.delete(tx, pathId);
  }

  async #prepare(tx: Tx, article: ArticleRow<EntryId>, passages: readonly string[]): Promise<void> {
    await this.articles.savePassages(tx, article, passages, plainText(article.content));
    tx.afterCommit(() => {
      const item = this.#item(article);
      // Not waited for, and not lost: the next sweep finds what could not be queued.
      this.jobs.enqueue(indexArticle, item.payload, { id: item.id }).catch((error: unknown) => {
        this.log.warn({ error, articleId: article.articleId }, 'an article waits for the next sweep to be indexed');
      });
    });
  }

  /** Makes the vectors. The model works between two transactions; what was changed meanwhile is left to its own job. */
  async index(unindexed: Unindexed, signal: AbortSignal): Promise<void> {
    const { tenantId, articleId, version } = unindexed;
    const article = await this.database.forTenant(tenantId, (tx) => this.articles.passages(tx, articleId, version));
    if (article === undefined) return;
    const texts = article.texts.map((text) => embeddedText(article.title, plainText(text)));
    const vectors = (await this.embedder.embed(texts, signal)).map(toBytes);
    await this.database.forTenant(tenantId, (tx) => this.articles.saveVectors(tx, unindexed, vectors, this.embedder.name));
  }

  /** Every article version that has no vectors by the present embedder. */
  async *due(): AsyncIterable<RefillItem<Unindexed>> {
    let after: Unindexed | undefined;
    do {
      const page: Unindexed[] = await this.database.asSystem('job-refill', (tx) =>
        this.articles.unindexed(tx, this.embedder.name, after, refillPage),
      );
      for (const unindexed of page) yield this.#item(unindexed);
      after = page.length === refillPage ? page.at(-1) : undefined;
    } while (after !== undefined);
  }

  /** The embedder is part of the id: the same version is indexed again when another one is set. */
  #item({ tenantId, articleId, version }: Unindexed): RefillItem<Unindexed> {
    return { id: `${articleId}-${version}-${this.embedder.name}`.slice(0, 200), payload: { tenantId, articleId, version } };
  }
}
