import { Injectable } from '@nestjs/common';
import type { ArticleId, TenantId } from '@support101/contracts';
import type { EntryId } from '@support101/contracts/learning';
import type { Tx } from '@support101/database';
import type { ArticleText } from './knowledge.rules.js';

/** An article without its content. */
export interface ArticleSummaryRow<Id extends EntryId = ArticleId> {
  readonly tenantId: TenantId;
  readonly articleId: Id;
  readonly title: string;
  readonly sourceUrl: string | null;
  readonly tags: string[];
  readonly version: number;
  readonly indexedVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** An article as it is kept. */
export interface ArticleRow<Id extends EntryId = ArticleId> extends ArticleSummaryRow<Id> {
  readonly content: string;
}

/** A version of an article or golden path whose passages need vectors. */
export interface Unindexed {
  readonly tenantId: TenantId;
  readonly articleId: EntryId;
  readonly version: number;
}

const summary = `tenant_id as "tenantId", article_id as "articleId", title, source_url as "sourceUrl", tags, version,
  indexed_version as "indexedVersion", created_at as "createdAt", updated_at as "updatedAt"`;

/** Articles in the database, with their passages and postings; golden paths stand among them under their own ids. */
@Injectable()
export class KnowledgeRepository {
  async insert<Id extends EntryId>(tx: Tx, articleId: Id, text: ArticleText, now: Date): Promise<ArticleRow<Id>> {
    const revision = await this.#advance(tx);
    const [row] = await tx.query<ArticleRow<Id>>(
      `insert into articles (tenant_id, article_id, title, content, source_url, tags, revision, length, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8) returning ${summary}, content`,
      [tx.tenantId, articleId, text.title, text.content, text.sourceUrl, text.tags, revision, now],
      'article-insert',
    );
    return only(row);
  }

  async find(tx: Tx, articleId: ArticleId): Promise<ArticleRow | undefined> {
    const statement = `select ${summary}, content from articles where tenant_id = $1 and article_id = $2`;
    const [row] = await tx.query<ArticleRow>(statement, [tx.tenantId, articleId], 'article-find');
    return row;
  }

  /** Like `find`, and nobody else changes the article until the transaction ends. */
  async findForUpdate<Id extends EntryId>(tx: Tx, articleId: Id): Promise<ArticleRow<Id> | undefined> {
    const statement = `select ${summary}, content from articles where tenant_id = $1 and article_id = $2 for update`;
    const [row] = await tx.query<ArticleRow<Id>>(statement, [tx.tenantId, articleId], 'article-find-for-update');
    return row;
  }

  /** Newest first: ids sort by creation time. */
  list(
    tx: Tx,
    filter: { readonly before: ArticleId | undefined; readonly tag: string | undefined },
    limit: number,
  ): Promise<ArticleSummaryRow[]> {
    return tx.query<ArticleSummaryRow>(
      `select ${summary} from articles
       where tenant_id = $1 and article_id ^@ 'art_' and ($2::text is null or article_id < $2) and ($3::text is null or $3 = any (tags))
       order by article_id desc limit $4`,
      [tx.tenantId, filter.before ?? null, filter.tag ?? null, limit],
      'article-list',
    );
  }

  /** Writes the next version; its passages have no vectors until it is indexed. */
  async replace<Id extends EntryId>(tx: Tx, articleId: Id, text: ArticleText, now: Date): Promise<ArticleRow<Id>> {
    const revision = await this.#advance(tx);
    const [row] = await tx.query<ArticleRow<Id>>(
      `update articles set title = $3, content = $4, source_url = $5, tags = $6, version = version + 1, revision = $7, updated_at = $8
       where tenant_id = $1 and article_id = $2 returning ${summary}, content`,
      [tx.tenantId, articleId, text.title, text.content, text.sourceUrl, text.tags, revision, now],
      'article-replace',
    );
    return only(row);
  }

  /** Deletes the article with its passages and postings. */
  async delete(tx: Tx, articleId: EntryId): Promise<void> {
    await tx.query('delete from articles where tenant_id = $1 and article_id = $2', [tx.tenantId, articleId], 'article-delete');
    await this.#advance(tx);
  }

  /** Deletes all knowledge of the transaction’s tenant. */
  async deleteAll(tx: Tx): Promise<void> {
    await tx.query('delete from articles where tenant_id = $1', [tx.tenantId], 'article-delete-all');
    await this.#advance(tx);
  }

  /** Puts the article’s passages and postings in the place of those it had. `plain` is its content without signs. */
  async savePassages(tx: Tx, article: ArticleRow<EntryId>, passages: readonly string[], plain: string): Promise<void> {
    const { articleId, title, tags } = article;
    const key = [tx.tenantId, articleId];
    await tx.query('delete from passages where tenant_id = $1 and article_id = $2', key, 'passages-delete');
    await tx.query(
      `insert into passages (tenant_id, article_id, ordinal, text)
       select $1, $2, part.ordinal - 1, part.text from unnest($3::text[]) with ordinality as part (text, ordinal)`,
      [...key, passages],
      'passages-insert',
    );
    await tx.query('delete from postings where tenant_id = $1 and article_id = $2', key, 'postings-delete');
    await tx.query(
      `with word as (
         select lexeme, cardinality(positions) as count, 'title' as field from unnest(to_tsvector('english', $3))
         union all select lexeme, cardinality(positions), 'tags' from unnest(to_tsvector('english', $4))
         union all select lexeme, cardinality(positions), 'content' from unnest(to_tsvector('english', $5))
       ), posting as (
         insert into postings (tenant_id, article_id, lexeme, in_title, in_tags, in_content)
         select $1, $2, lexeme, coalesce(sum(count) filter (where field = 'title'), 0),
           coalesce(sum(count) filter (where field = 'tags'), 0), coalesce(sum(count) filter (where field = 'content'), 0)
         from word group by lexeme returning in_content
       )
       update articles set length = (select coalesce(sum(in_content), 0) from posting) where tenant_id = $1 and article_id = $2`,
      [...key, title, tags.join(' '), plain],
      'postings-insert',
    );
  }

  /** The passages of one version, in order; undefined when the article has another version by now. */
  async passages(tx: Tx, articleId: EntryId, version: number): Promise<{ title: string; texts: string[] } | undefined> {
    const [row] = await tx.query<{ title: string; texts: string[] }>(
      `select title, array(select text from passages p where p.tenant_id = $1 and p.article_id = $2 order by ordinal) as texts
       from articles where tenant_id = $1 and article_id = $2 and version = $3`,
      [tx.tenantId, articleId, version],
      'passages-of-version',
    );
    return row;
  }

  /** Keeps the vectors of one version, in the order of its passages; does nothing when it has another version by now. */
  async saveVectors(tx: Tx, { articleId, version }: Unindexed, vectors: readonly Buffer[], embedder: string): Promise<void> {
    const present = await this.findForUpdate(tx, articleId);
    if (present?.version !== version) return;
    const revision = await this.#advance(tx);
    await tx.query(
      `update articles set indexed_version = version, indexed_with = $3, revision = $4 where tenant_id = $1 and article_id = $2`,
      [tx.tenantId, articleId, embedder, revision],
      'article-indexed',
    );
    await tx.query(
      `update passages set vector = part.vector from unnest($3::bytea[]) with ordinality as part (vector, ordinal)
       where tenant_id = $1 and article_id = $2 and passages.ordinal = part.ordinal - 1`,
      [tx.tenantId, articleId, vectors],
      'passages-vectors',
    );
  }

  /** Article versions of all tenants, after the given one, whose passages have no vectors by this embedder. */
  unindexed(tx: Tx, embedder: string, after: Unindexed | undefined, limit: number): Promise<Unindexed[]> {
    return tx.query<Unindexed>(
      `select tenant_id as "tenantId", article_id as "articleId", version from articles
       where (indexed_version <> version or indexed_with is distinct from $1) and (tenant_id, article_id) > ($2, $3)
       order by tenant_id, article_id limit $4`,
      [embedder, after?.tenantId ?? '', after?.articleId ?? '', limit],
      'articles-unindexed',
    );
  }

  /**
   * The tenant's next revision. Writers of one tenant wait here for each other, so revisions commit in their order.
   * An article that exists is locked before, by everybody, or two writers could wait for each other for ever.
   */
  async #advance(tx: Tx): Promise<string> {
    const [row] = await tx.query<{ revision: string }>(
      `insert into knowledge_revisions (tenant_id, revision) values ($1, 1)
       on conflict (tenant_id) do update set revision = knowledge_revisions.revision + 1 returning revision::text`,
      [tx.tenantId],
      'revision-advance',
    );
    return only(row).revision;
  }
}

function only<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new Error('a statement that always gives a row gave none');
  return row;
}
