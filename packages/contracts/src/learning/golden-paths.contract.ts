import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { AgentId, type ArticleId, id, RequestId, RunId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';

/** Id of a golden path. */
export const PathId = id('gpt');
export type PathId = z.infer<typeof PathId>;

/** What a search can find: an article, or a golden path, which stands among the articles under its own id. */
export type EntryId = ArticleId | PathId;

/** True for the id of a golden path. */
export function isPathId(entry: EntryId): entry is PathId {
  return entry.startsWith('gpt_');
}

/** How a golden path came to be: a person approved the agent’s answer, or gave the right one. */
export const PathOrigin = z.enum(['approved', 'corrected']);

/** A question that a person answered or approved, and what has become of the answer since. */
export const GoldenPath = z
  .object({
    pathId: PathId,
    tenantId: TenantId,
    blueprint: z.string(),
    /** The customer’s question, as it was asked. */
    question: z.string(),
    answer: z.string(),
    origin: PathOrigin,
    /** The actions of the run, in order: the whole run is the trace. */
    steps: z.array(z.string()),
    /** Articles and paths the run looked at. */
    evidence: z.array(z.string()),
    runId: RunId,
    requestId: RequestId.nullable(),
    /** The principal who decided. */
    decidedBy: z.string().nullable(),
    /** Times a person confirmed it, times one turned it down. */
    successCount: z.number().int(),
    failureCount: z.number().int(),
    /** Runs that were answered with it without a person. */
    useCount: z.number().int(),
    /** Share of confirmations among all decisions. */
    successRate: z.number(),
    /** `retired` paths are kept and not used: they were turned down too often. */
    status: z.enum(['active', 'retired']),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'GoldenPath' });
export type GoldenPath = z.infer<typeof GoldenPath>;

const read = { resource: 'learning:golden-paths', level: 'read' } as const;
const change = { resource: 'learning:golden-paths', level: 'execute' } as const;

/** Lists golden paths, newest first; with `query` those that fit the question best. */
export const listGoldenPaths = rpc('learning.golden-paths.list.v1', {
  summary: 'List golden paths, or find those that fit a question',
  access: read,
  http: { method: 'GET', path: '/v1/learning/golden-paths' },
  input: z.object({
    ...pageQuery,
    query: text(2000).optional(),
    topK: z.number().int().min(1).max(20).default(3),
    minSuccessRate: z.number().min(0).max(1).default(0),
  }),
  output: page(GoldenPath.extend({ score: z.number().optional() })),
  errors: ['cursor_invalid', 'model_unavailable'],
});

/** Reads one golden path. */
export const getGoldenPath = rpc('learning.golden-paths.get.v1', {
  summary: 'Read one golden path',
  access: read,
  http: { method: 'GET', path: '/v1/learning/golden-paths/{pathId}' },
  input: z.object({ pathId: PathId }),
  output: GoldenPath,
  errors: ['golden_path_not_found'],
});

/** Forgets a golden path: no run uses it from now on. */
export const deleteGoldenPath = rpc('learning.golden-paths.delete.v1', {
  summary: 'Delete a golden path',
  access: change,
  http: { method: 'DELETE', path: '/v1/learning/golden-paths/{pathId}', status: 204 },
  input: z.object({ pathId: PathId }),
  output: z.object({}),
  errors: ['golden_path_not_found'],
});

const ofPath = (data: { pathId: string }) => `golden-path:${data.pathId}`;

/** A decision became a golden path, or counted for one. */
export const goldenPathRecorded = event('learning.golden-paths.recorded.v1', {
  summary: 'A person’s decision was learned',
  data: z.object({
    pathId: PathId,
    runId: RunId,
    agentId: AgentId,
    requestId: RequestId.nullable(),
    effect: z.enum(['created', 'confirmed', 'corrected', 'turned_down', 'used']),
    status: z.enum(['active', 'retired']),
  }),
  resource: ofPath,
  audit: 'data_modified',
  outcome: (data) => data.effect,
});

/** A golden path was deleted. */
export const goldenPathDeleted = event('learning.golden-paths.deleted.v1', {
  summary: 'A golden path was deleted',
  data: z.object({ pathId: PathId }),
  resource: ofPath,
  audit: 'data_modified',
});
