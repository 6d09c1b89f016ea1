import { z } from 'zod';
import { rpc } from '../kernel/contract.js';
import { AgentId, EventId, RequestId, RunId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { Timestamp } from '../kernel/text.js';

/** The facts that make up a tenant’s activity: what happened to the work for its customers. */
export const activityTypes = [
  'agent-runtime.runs.started.v1',
  'agent-runtime.runs.completed.v1',
  'agent-runtime.runs.failed.v1',
  'agent-runtime.runs.cancelled.v1',
  'agent-runtime.runs.timed-out.v1',
  'agent-runtime.runs.human-requested.v1',
  'agent-runtime.runs.resumed.v1',
  'agent-runtime.tickets.created.v1',
  'hitl.requests.opened.v1',
  'hitl.requests.decided.v1',
  'hitl.requests.expired.v1',
  'hitl.requests.cancelled.v1',
  'hitl.requests.sla-breached.v1',
  'webhook-gateway.inbound.received.v1',
  'learning.golden-paths.recorded.v1',
] as const;
/** The kind of one thing that happened: the type of its event. */
export const ActivityType = z.enum(activityTypes);
export type ActivityType = z.infer<typeof ActivityType>;

/** One thing that happened. Carries no customer text: who may read activity need not be allowed to read runs. */
export const Activity = z
  .object({
    eventId: EventId,
    type: ActivityType,
    /** `<kind>:<id>` of what it is about. */
    resource: z.string(),
    principal: z.object({ type: z.string(), id: z.string() }),
    outcome: z.string(),
    runId: RunId.nullable(),
    agentId: AgentId.nullable(),
    requestId: RequestId.nullable(),
    /** One short sentence. */
    summary: z.string(),
    happenedAt: Timestamp,
  })
  .meta({ id: 'Activity' });
export type Activity = z.infer<typeof Activity>;

/** Lists what happened in the tenant, newest first. */
export const listActivity = rpc('learning.activity.list.v1', {
  summary: 'List what happened, newest first',
  access: { resource: 'learning:activity', level: 'read' },
  http: { method: 'GET', path: '/v1/learning/activity' },
  input: z.object({ ...pageQuery, type: ActivityType.optional() }),
  output: page(Activity),
  errors: ['cursor_invalid'],
});
