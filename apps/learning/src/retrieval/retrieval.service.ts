import { Inject, Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import { isPathId, type SearchHit, type searchKnowledge } from '@support101/contracts/learning';
import type { Embedder } from '@support101/models';
import { fitting, ServiceDatabase } from '@support101/service-kit';
import { EMBEDDER } from '../platform/embedder.js';
import { LanguageService } from './retrieval-language.service.js';
import { type Question, type RankedArticle, rank, textWeights } from './retrieval-ranking.rules.js';
import { RetrievalRepository } from './retrieval.repository.js';
import { readQuestion } from './retrieval-situations.rules.js';
import { corrected } from './retrieval-spelling.rules.js';
import { TenantIndexService } from './retrieval-tenant-index.service.js';
import { termsOf } from './retrieval-terms.rules.js';

/** Articles that full text hands to the ranking; the rest are ranked without it. */
const mostMatches = 500;

/** Finds what answers a question: by its words in Postgres, by its meaning and its situation in memory. */
@Injectable()
export class RetrievalService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: RetrievalRepository,
    private readonly indexes: TenantIndexService,
    private readonly language: LanguageService,
    @Inject(EMBEDDER) private readonly embedder: Embedder,
  ) {}

  /** The best hits, as many as are asked for and fit into one message. */
  async search(
    { q, topK }: InputOf<typeof searchKnowledge>,
    caller: TenantCaller,
    signal?: AbortSignal,
  ): Promise<OutputOf<typeof searchKnowledge>> {
    const { articles, question } = await this.prepare(q, caller, signal);
    return { data: fitting(rank(articles, question, topK)) };
  }

  /** Only the golden paths that fit the question; undefined when none is asked. */
  async searchPaths(
    { query, topK }: { query?: string | undefined; topK: number },
    caller: TenantCaller,
    signal?: AbortSignal,
  ): Promise<SearchHit[] | undefined> {
    if (query === undefined) return undefined;
    const { articles, question } = await this.prepare(query, caller, signal);
    const paths = articles.filter(({ articleId }) => isPathId(articleId));
    return rank(paths, question, topK);
  }

  /** The tenant's articles and the question, ready to be compared. */
  async prepare(
    q: string,
    caller: TenantCaller,
    signal?: AbortSignal,
  ): Promise<{ articles: RankedArticle[]; question: Question }> {
    const { dictionary, synonyms } = this.language;
    const situations = await this.language.situations();
    const index = await this.indexes.current(caller.tenantId);
    const text = corrected(q, index.words, dictionary);
    const [[vector = new Float32Array()], matches] = await Promise.all([
      this.embedder.embed([text], signal),
      this.database.forTenant(caller.tenantId, (tx) =>
        this.repository.match(tx, termsOf(text, synonyms), textWeights, mostMatches),
      ),
    ]);
    const question: Question = {
      text,
      vector,
      reading: readQuestion(text, vector, situations, synonyms),
      rarity: matches.rarity,
      gains: new Map(matches.articles.map(({ articleId, gain }) => [articleId, gain])),
    };
    return { articles: [...index.articles.values()], question };
  }
}
