import { Injectable } from '@nestjs/common';
import { ArticleId, DomainError } from '@support101/contracts';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/learning';
import type { Tx } from '@support101/database';
import type { Delivery } from '@support101/messaging';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import { Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf, ServiceDatabase } from '@support101/service-kit';
import { forgetTenant } from '../platform/deleted-tenants.js';
import { IndexingService } from './knowledge-indexing.service.js';
import { type ArticleRow, type ArticleSummaryRow, KnowledgeRepository } from './knowledge.repository.js';
import * as rules from './knowledge.rules.js';

/** The articles of a tenant. They are found by their words with the commit, and by their meaning moments later. */
@Injectable()
export class KnowledgeService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly articles: KnowledgeRepository,
    private readonly indexing: IndexingService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  create(input: InputOf<typeof contract.createArticle>, caller: TenantCaller): Promise<contract.Article> {
    return this.database.once(contract.createArticle, input, caller, async (tx) => {
      const row = await this.articles.insert(tx, newId('art'), rules.articleText(input), this.clock.now());
      await this.indexing.prepare(tx, row);
      await this.outbox.record(tx, contract.articleCreated, factOf(row), caller);
      return toArticle(row);
    });
  }

  async get(articleId: ArticleId, caller: TenantCaller): Promise<contract.Article> {
    const row = await this.database.forTenant(caller.tenantId, (tx) => this.articles.find(tx, articleId));
    return toArticle(found(row));
  }

  async list(
    { cursor, limit, tag }: InputOf<typeof contract.listArticles>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.listArticles>> {
    const filter = { before: keyOfCursor(ArticleId, cursor), tag };
    const rows = await this.database.forTenant(caller.tenantId, (tx) => this.articles.list(tx, filter, limit + 1));
    return pageOf(rows, limit, ({ articleId }) => articleId, toSummary);
  }

  replace(input: InputOf<typeof contract.replaceArticle>, caller: TenantCaller): Promise<contract.Article> {
    const { articleId, expectedVersion } = input;
    const text = rules.articleText(input);
    return this.database.forTenant(caller.tenantId, async (tx) => {
      const before = await this.#hold(tx, articleId);
      rules.checkVersion(before.version, expectedVersion);
      const changed = rules.changedFields(before, text);
      if (changed.length === 0) return toArticle(before);
      const row = await this.articles.replace(tx, articleId, text, this.clock.now());
      await this.indexing.prepare(tx, row);
      await this.outbox.record(tx, contract.articleUpdated, { ...factOf(row), changed }, caller);
      return toArticle(row);
    });
  }

  delete(articleId: ArticleId, caller: TenantCaller): Promise<void> {
    return this.database.forTenant(caller.tenantId, async (tx) => {
      const row = await this.#hold(tx, articleId);
      await this.articles.delete(tx, articleId);
      await this.outbox.record(tx, contract.articleDeleted, factOf(row), caller);
    });
  }

  /** Forgets what a deleted tenant knew. */
  forget(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return forgetTenant(this.database, delivery, (tx) => this.articles.deleteAll(tx));
  }

  async #hold(tx: Tx, articleId: ArticleId): Promise<ArticleRow> {
    return found(await this.articles.findForUpdate(tx, articleId));
  }
}

function found(row: ArticleRow | undefined): ArticleRow {
  if (row === undefined) throw new DomainError('article_not_found');
  return row;
}

function factOf({ articleId, title, version }: ArticleRow) {
  return { articleId, title, version };
}

function toSummary(row: ArticleSummaryRow): contract.ArticleSummary {
  const { articleId, tenantId, title, sourceUrl, tags, version } = row;
  return {
    ...{ articleId, tenantId, title, sourceUrl, tags, version },
    indexed: row.indexedVersion === version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

function toArticle(row: ArticleRow): contract.Article {
  return { ...toSummary(row), content: row.content };
}
