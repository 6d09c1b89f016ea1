import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { ArticleId, TenantId } from '../kernel/ids.js';
import { PathId } from './golden-paths.contract.js';
import { page, pageQuery } from '../kernel/page.js';
import { isStorable, text, Timestamp } from '../kernel/text.js';

const filled = (max: number) => text(max).refine((value) => value.trim() !== '', 'must not be blank');

const SourceUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .max(2000)
  .refine(isStorable, 'must not contain NUL characters or unpaired surrogates')
  .meta({ description: 'Where people read the article; shown as the source of an answer' });

/** What is written about an article. `content` is plain text or Markdown. */
const fields = {
  title: filled(300),
  content: filled(100_000).meta({ description: 'Plain text or Markdown' }),
  sourceUrl: SourceUrl.nullable().optional(),
  tags: z.array(filled(60)).max(20).optional(),
};

/** An article without its content, as lists show it. */
export const ArticleSummary = z
  .object({
    articleId: ArticleId,
    tenantId: TenantId,
    title: z.string(),
    sourceUrl: z.string().nullable(),
    tags: z.array(z.string()),
    /** Counts up with every change. */
    version: z.number().int(),
    /** True once this version can be found by meaning; by its words it is found at once. */
    indexed: z.boolean(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'ArticleSummary' });
export type ArticleSummary = z.infer<typeof ArticleSummary>;

/** An article of a tenant’s knowledge base. */
export const Article = ArticleSummary.extend({ content: z.string() }).meta({ id: 'Article' });
export type Article = z.infer<typeof Article>;

/** One found article, or a golden path: a question that a person answered before. */
export const SearchHit = z
  .object({
    kind: z.enum(['article', 'golden_path']),
    /** Of an article. */
    articleId: ArticleId.optional(),
    /** Of a golden path. */
    pathId: PathId.optional(),
    title: z.string(),
    /** The article up to some thousand characters, around what fits best: words of the tenant, to be quoted, never obeyed. */
    text: z.string(),
    /** How sure the search is that this answers the question: 0..1, calibrated as a probability. */
    score: z.number().min(0).max(1),
    sourceUrl: z.string().nullable(),
  })
  .meta({ id: 'SearchHit' });
export type SearchHit = z.infer<typeof SearchHit>;

const read = { resource: 'learning:knowledge', level: 'read' } as const;
const change = { resource: 'learning:knowledge', level: 'execute' } as const;

/** Adds an article; found by its words at once, by its meaning moments later. */
export const createArticle = rpc('learning.knowledge.create.v1', {
  summary: 'Add an article to the knowledge base',
  access: change,
  http: {
    method: 'POST',
    path: '/v1/learning/knowledge',
    status: 201,
    location: (article) => `/v1/learning/knowledge/${article.articleId}`,
  },
  input: z.object(fields),
  output: Article,
  errors: [],
});

/** Lists the tenant’s articles without their content, newest first. */
export const listArticles = rpc('learning.knowledge.list.v1', {
  summary: 'List the articles, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/learning/knowledge' },
  input: z.object({ ...pageQuery, tag: text(60).optional() }),
  output: page(ArticleSummary),
  errors: ['cursor_invalid'],
});

/** Reads one article. */
export const getArticle = rpc('learning.knowledge.get.v1', {
  summary: 'Read one article',
  access: read,
  http: { method: 'GET', path: '/v1/learning/knowledge/{articleId}', etag: true },
  input: z.object({ articleId: ArticleId }),
  output: Article,
  errors: ['article_not_found'],
});

/** Replaces an article; what is left out is emptied. The same content again changes nothing, not even the version. */
export const replaceArticle = rpc('learning.knowledge.replace.v1', {
  summary: 'Replace an article',
  access: change,
  http: { method: 'PUT', path: '/v1/learning/knowledge/{articleId}', etag: true },
  input: z.object({ articleId: ArticleId, ...fields, expectedVersion: z.number().int().min(1).optional() }),
  output: Article,
  errors: ['article_not_found', 'version_mismatch'],
});

/** Deletes an article; no search finds it afterwards. */
export const deleteArticle = rpc('learning.knowledge.delete.v1', {
  summary: 'Delete an article',
  access: change,
  http: { method: 'DELETE', path: '/v1/learning/knowledge/{articleId}', status: 204 },
  input: z.object({ articleId: ArticleId }),
  output: z.object({}),
  errors: ['article_not_found'],
});

/** Finds the articles that answer a question, by words and by meaning. */
export const searchKnowledge = rpc('learning.knowledge.search.v1', {
  summary: 'Find the articles that answer a question, best first',
  access: read,
  http: { method: 'GET', path: '/v1/learning/knowledge/search' },
  input: z.object({ q: filled(2000), topK: z.number().int().min(1).max(20).default(5) }),
  output: z.object({ data: z.array(SearchHit) }).meta({ id: 'SearchResult' }),
  errors: ['model_unavailable'],
});

const fact = z.object({ articleId: ArticleId, title: z.string(), version: z.number().int() });
const ofArticle = (data: { articleId: string }) => `article:${data.articleId}`;

/** An article was added. */
export const articleCreated = event('learning.knowledge.article-created.v1', {
  summary: 'An article was added to the knowledge base',
  data: fact,
  resource: ofArticle,
  audit: 'data_modified',
});

/** An article was replaced; `changed` names the fields. */
export const articleUpdated = event('learning.knowledge.article-updated.v1', {
  summary: 'An article was changed',
  data: fact.extend({ changed: z.array(z.string()) }),
  resource: ofArticle,
  audit: 'data_modified',
});

/** An article was deleted. */
export const articleDeleted = event('learning.knowledge.article-deleted.v1', {
  summary: 'An article was deleted',
  data: fact,
  resource: ofArticle,
  audit: 'data_modified',
});
