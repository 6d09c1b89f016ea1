import { z } from 'zod';
import { rpc } from '../kernel/contract.js';
import { AgentId, RunId } from '../kernel/ids.js';
import { text, Timestamp } from '../kernel/text.js';
import { PathId } from './golden-paths.contract.js';

/** What stands in the graph. A resolution is a run that has ended, under the run’s id. */
export const nodeKinds = ['Customer', 'Ticket', 'Agent', 'Article', 'Resolution'] as const;
/** The kind of a node. */
export const NodeKind = z.enum(nodeKinds);
export type NodeKind = z.infer<typeof NodeKind>;

/**
 * How they are connected: Customer FILED Ticket, Customer ASKED Resolution, Resolution OPENED Ticket, Ticket RESOLVED_BY
 * Resolution, Resolution USED_ARTICLE Article, Resolution EXECUTED_BY Agent.
 */
export const edgeKinds = ['FILED', 'ASKED', 'OPENED', 'RESOLVED_BY', 'USED_ARTICLE', 'EXECUTED_BY'] as const;
/** The kind of an edge. */
export const EdgeKind = z.enum(edgeKinds);
export type EdgeKind = z.infer<typeof EdgeKind>;

/** The category of what says none. */
export const generalCategory = 'general';

/** How a run ended for its customer. */
export const Resolution = z
  .object({
    runId: RunId,
    agentId: AgentId,
    blueprint: z.string(),
    /** The `category` of the run’s output or input; `general` when neither names one. */
    category: z.string(),
    outcome: z.string(),
    /** What a person decided about the answer counts more than what the run says of itself. */
    success: z.boolean(),
    /** Whether a person approved or gave the answer; null when none decided. */
    approved: z.boolean().nullable(),
    confidence: z.number().nullable(),
    /** The golden path it became or confirmed. */
    pathId: PathId.nullable(),
    /** The actions of the run, in order. */
    steps: z.array(z.string()),
    endedAt: Timestamp,
  })
  .meta({ id: 'Resolution' });
export type Resolution = z.infer<typeof Resolution>;

const read = { resource: 'learning:graph', level: 'read' } as const;
const limit = z.number().int().min(1).max(100).default(25);

/** What happened to one customer: the tickets with their resolutions, and the resolutions that belong to no ticket. */
export const customerJourney = rpc('learning.graph.customer-journey.v1', {
  summary: 'The tickets and resolutions of one customer, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/learning/graph/customers/{customerId}/journey' },
  input: z.object({
    customerId: text(300).meta({
      description: 'The id that runs were given, or `<provider>:<requester id>` for one that webhooks name',
    }),
    limit,
  }),
  output: z.object({
    customerId: z.string(),
    tickets: z.array(
      z.object({
        /** Our id, or `<provider>:<id>` for one of a provider. */
        ticketId: z.string(),
        status: z.string().nullable(),
        priority: z.string().nullable(),
        filedAt: Timestamp,
        resolutions: z.array(Resolution),
      }),
    ),
    resolutions: z.array(Resolution),
  }),
  errors: ['customer_not_found'],
});

/** The successful resolutions of a category, the surest first. */
export const similarResolutions = rpc('learning.graph.similar-resolutions.v1', {
  summary: 'What resolved cases of a category, the surest first',
  access: read,
  http: { method: 'GET', path: '/v1/learning/graph/resolutions/similar' },
  input: z.object({ category: text(100).default(generalCategory), limit }),
  output: z.object({ data: z.array(Resolution) }),
  errors: [],
});

/** How much stands in the tenant’s graph. */
export const graphStats = rpc('learning.graph.stats.v1', {
  summary: 'Counts of nodes and edges by kind',
  access: read,
  http: { method: 'GET', path: '/v1/learning/graph/stats' },
  input: z.object({}),
  output: z.object({ nodes: z.record(NodeKind, z.number().int()), edges: z.record(EdgeKind, z.number().int()) }),
  errors: [],
});
