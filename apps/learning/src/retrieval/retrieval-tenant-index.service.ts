import { Inject, Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { EntryId } from '@support101/contracts/learning';
import type { Embedder } from '@support101/models';
import { ServiceDatabase } from '@support101/service-kit';
import { EMBEDDER, fromBytes } from '../platform/embedder.js';
import { LanguageService } from './retrieval-language.service.js';
import type { RankedArticle } from './retrieval-ranking.rules.js';
import { type LoadedArticle, RetrievalRepository } from './retrieval.repository.js';
import { profileOfArticle, type Situations } from './retrieval-situations.rules.js';
import { WordTable } from './retrieval-spelling.rules.js';
import { contentWords, wordsOf } from './retrieval-words.rules.js';

interface IndexedArticle extends RankedArticle {
  readonly revision: string;
  readonly vocabulary: readonly string[];
}

/** A tenant's articles as a search compares them, at one revision. */
export interface TenantIndex {
  revision: string | undefined;
  readonly articles: Map<EntryId, IndexedArticle>;
  /** Every word that the articles use. */
  readonly words: WordTable;
  /** How many passages the articles have. */
  size: number;
}

interface Refresh {
  readonly running: Promise<TenantIndex>;
  /** Begins when `running` has ended. */
  next: Promise<TenantIndex> | undefined;
}

/** Passages kept in memory for all tenants together: about 3 KB each. The tenant unused for longest is forgotten. */
const mostPassages = 60_000;

/** Articles read from the database at once. */
const loadedAtOnce = 200;

/**
 * The tenants' articles in memory, brought up to date before every search by comparing the tenant's revision: one small
 * query when nothing has changed, and only the changed articles are read when something has.
 */
@Injectable()
export class TenantIndexService {
  readonly #indexes = new Map<TenantId, TenantIndex>();
  readonly #refreshes = new Map<TenantId, Refresh>();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: RetrievalRepository,
    private readonly language: LanguageService,
    @Inject(EMBEDDER) private readonly embedder: Embedder,
  ) {}

  /** The tenant's index with everything that was committed before the call: a refresh that runs already may have missed it. */
  current(tenantId: TenantId): Promise<TenantIndex> {
    const refresh = this.#refreshes.get(tenantId);
    if (refresh === undefined) return this.#begin(tenantId);
    refresh.next ??= refresh.running.then(
      () => this.#begin(tenantId),
      () => this.#begin(tenantId),
    );
    return refresh.next;
  }

  #begin(tenantId: TenantId): Promise<TenantIndex> {
    const running = this.#refresh(tenantId);
    const refresh: Refresh = { running, next: undefined };
    this.#refreshes.set(tenantId, refresh);
    const end = () => {
      if (this.#refreshes.get(tenantId) === refresh && refresh.next === undefined) this.#refreshes.delete(tenantId);
    };
    running.then(end, end);
    return running;
  }

  async #refresh(tenantId: TenantId): Promise<TenantIndex> {
    const index = this.#indexes.get(tenantId) ?? emptyIndex();
    const { revision, outline } = await this.database.forTenant(tenantId, async (tx) => {
      const present = await this.repository.revision(tx);
      return { revision: present, outline: present === index.revision ? undefined : await this.repository.outline(tx) };
    });
    if (outline !== undefined) {
      for (const [articleId] of index.articles) if (!outline.has(articleId)) forget(index, articleId);
      const changed = [...outline].filter(([articleId, now]) => index.articles.get(articleId)?.revision !== now);
      for (let start = 0; start < changed.length; start += loadedAtOnce) {
        await this.#load(
          tenantId,
          index,
          changed.slice(start, start + loadedAtOnce).map(([articleId]) => articleId),
        );
      }
      index.revision = revision;
    }
    this.#keep(tenantId, index);
    return index;
  }

  async #load(tenantId: TenantId, index: TenantIndex, articleIds: readonly EntryId[]): Promise<void> {
    const loaded = await this.database.forTenant(tenantId, (tx) => this.repository.load(tx, articleIds, this.embedder.name));
    const situations = await this.language.situations();
    for (const article of loaded) {
      forget(index, article.articleId);
      const indexed = toIndexed(article, situations);
      index.articles.set(article.articleId, indexed);
      index.size += indexed.passages.length;
      for (const word of indexed.vocabulary) index.words.add(word);
    }
  }

  /** Puts the index last in the order of use, and forgets from the front what is too much. */
  #keep(tenantId: TenantId, index: TenantIndex): void {
    this.#indexes.delete(tenantId);
    this.#indexes.set(tenantId, index);
    let passages = [...this.#indexes.values()].reduce((sum, kept) => sum + kept.size, 0);
    for (const [oldest, kept] of this.#indexes) {
      if (passages <= mostPassages || oldest === tenantId) break;
      this.#indexes.delete(oldest);
      passages -= kept.size;
    }
  }
}

function toIndexed(article: LoadedArticle, situations: Situations): IndexedArticle {
  const { articleId, revision, title, tags, sourceUrl, answer } = article;
  const content = article.passages.map(({ text }) => text).join('\n');
  const passages = article.passages.map(({ text, vector }) => ({
    text,
    words: new Set(contentWords(`${title} ${text}`)),
    vector: vector === null ? undefined : fromBytes(vector),
  }));
  const vectors = passages.flatMap(({ vector }) => (vector === undefined ? [] : [vector]));
  return {
    ...{ articleId, revision, title, sourceUrl, answer, passages },
    profile: profileOfArticle(title, content, vectors, situations),
    vocabulary: [...new Set(wordsOf(`${title} ${tags.join(' ')} ${content}`))],
  };
}

function emptyIndex(): TenantIndex {
  return { revision: undefined, articles: new Map(), words: new WordTable(), size: 0 };
}

function forget(index: TenantIndex, articleId: EntryId): void {
  const article = index.articles.get(articleId);
  if (article === undefined) return;
  for (const word of article.vocabulary) index.words.remove(word);
  index.size -= article.passages.length;
  index.articles.delete(articleId);
}
