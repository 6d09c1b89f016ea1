import { Injectable } from '@nestjs/common';
import type { EntryId } from '@support101/contracts/learning';
import type { Tx } from '@support101/database';
import type { TextTerm } from './retrieval-terms.rules.js';

/** An article as the database gives it to a search. */
export interface LoadedArticle {
  readonly articleId: EntryId;
  readonly revision: string;
  readonly title: string;
  readonly tags: string[];
  readonly sourceUrl: string | null;
  /** Of a golden path, the whole answer. */
  readonly answer: string | null;
  readonly passages: { readonly text: string; readonly vector: Buffer | null }[];
}

/** How full text weighs a match (BM25): the fields, how soon repetition stops to count, the discount of long articles. */
export interface TextWeights {
  readonly title: number;
  readonly tags: number;
  readonly saturation: number;
  readonly lengthDiscount: number;
  /** Articles that are thought to be there besides, without any of the words. */
  readonly imagined: number;
}

/** What full text found. */
export interface TextMatches {
  /** How rare the question's words are among the articles, all together; stop words are left out. */
  readonly rarity: number;
  /** What the words add to each article that has some of them. */
  readonly articles: readonly { readonly articleId: EntryId; readonly gain: number }[];
}

type PassageRow = Omit<LoadedArticle, 'passages'> & { readonly text: string | null; readonly vector: Buffer | null };

// Postgres splits and stems the words. Each place of the question counts by its best word, each word once. A word is as
// rare as if there were $10 articles more without it, so that a handful of articles does not make every word common.
const matchStatement = `with term as (
    select given.place, stem.lexeme, max(given.weight) as weight
    from unnest($2::text[], $3::int[], $4::float8[]) as given (word, place, weight)
    cross join lateral unnest(to_tsvector('english', given.word)) as stem (lexeme, positions, weights)
    group by given.place, stem.lexeme
  ), article as (
    select article_id, 1 - $8::float8 + $8::float8 * length / greatest(avg(length) over (), 1) as size
    from articles where tenant_id = $1
  ), posting as (
    select lexeme, article_id, $5::float8 * in_title + $6::float8 * in_tags as outside, in_content
    from postings where tenant_id = $1 and lexeme in (select lexeme from term)
  ), word as (
    select lexeme, ln(1 + (total - count(posting.article_id) + 0.5) / (count(posting.article_id) + 0.5)) as rarity
    from (select distinct lexeme from term) as asked cross join (select count(*) + $10::float8 as total from article) as counted
    left join posting using (lexeme) group by lexeme, total
  ), gain as (
    select distinct on (article_id, term.place) article_id, lexeme,
      weight * rarity * tf * (1 + $7::float8) / (tf + $7::float8) as gain
    from posting join article using (article_id) join word using (lexeme) join term using (lexeme)
    cross join lateral (select outside + in_content / size as tf) as frequency
    order by article_id, term.place, gain desc
  ), found as (
    select article_id, sum(gain) as gain
    from (select article_id, lexeme, max(gain) as gain from gain group by article_id, lexeme) as once
    group by article_id order by gain desc, article_id limit $9
  )
  select (select coalesce(sum(rarity), 0) from word where lexeme in (select lexeme from term where weight = 1)) as rarity,
    (select coalesce(json_agg(json_build_object('articleId', article_id, 'gain', gain)), '[]') from found) as articles`;

/** What a search reads from the database. */
@Injectable()
export class RetrievalRepository {
  /** The tenant's present revision; undefined as long as nothing was ever written. */
  async revision(tx: Tx): Promise<string | undefined> {
    const statement = 'select revision::text from knowledge_revisions where tenant_id = $1';
    const [row] = await tx.query<{ revision: string }>(statement, [tx.tenantId], 'retrieval-revision');
    return row?.revision;
  }

  /** Which articles there are, each with the revision that changed it last. */
  async outline(tx: Tx): Promise<Map<EntryId, string>> {
    const rows = await tx.query<{ articleId: EntryId; revision: string }>(
      'select article_id as "articleId", revision::text from articles where tenant_id = $1',
      [tx.tenantId],
      'retrieval-outline',
    );
    return new Map(rows.map((row) => [row.articleId, row.revision]));
  }

  /** The given articles with their passages. Vectors of another embedder or an older version are left out. */
  async load(tx: Tx, articleIds: readonly EntryId[], embedder: string): Promise<LoadedArticle[]> {
    const rows = await tx.query<PassageRow>(
      `select a.article_id as "articleId", a.revision::text, a.title, a.tags, a.source_url as "sourceUrl", p.text,
         case when a.article_id ^@ 'gpt_' and p.ordinal = 0 then a.content end as answer,
         case when a.indexed_version = a.version and a.indexed_with = $3 then p.vector end as vector
       from articles a left join passages p on p.tenant_id = a.tenant_id and p.article_id = a.article_id
       where a.tenant_id = $1 and a.article_id = any ($2) order by a.article_id, p.ordinal`,
      [tx.tenantId, articleIds, embedder],
      'retrieval-load',
    );
    const articles = new Map<EntryId, LoadedArticle>();
    for (const { text, vector, ...article } of rows) {
      const loaded = articles.get(article.articleId) ?? { ...article, passages: [] };
      if (text !== null) loaded.passages.push({ text, vector });
      articles.set(article.articleId, loaded);
    }
    return [...articles.values()];
  }

  /** Full text: the articles that have the words or their other forms, at most `limit`, those with most first. */
  async match(tx: Tx, terms: readonly TextTerm[], weights: TextWeights, limit: number): Promise<TextMatches> {
    const [row] = await tx.query<TextMatches>(
      matchStatement,
      [
        tx.tenantId,
        terms.map(({ word }) => word),
        terms.map(({ place }) => place),
        terms.map(({ weight }) => weight),
        weights.title,
        weights.tags,
        weights.saturation,
        weights.lengthDiscount,
        limit,
        weights.imagined,
      ],
      'retrieval-match',
    );
    return row ?? { rarity: 0, articles: [] };
  }
}
