import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { AgentId, EventId, RequestId, RunId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';

/** The services that consume events, and so keep those that one of their durables gave up on. */
export const deadLetterKeepers = ['tenancy', 'agent-runtime', 'governance', 'hitl', 'learning', 'webhook-gateway'] as const;

/** An event that a durable gave up on: which, for whom, and why. What the event said is not shown. */
export const DeadLetterEntry = z
  .object({
    tenantId: TenantId,
    durable: z.string(),
    eventId: EventId,
    eventType: z.string(),
    /** `<kind>:<id>` of what the event is about. */
    resource: z.string(),
    correlationId: z.string(),
    /** The last failure, without what the event said. */
    reason: z.string(),
    attempts: z.number().int(),
    failedAt: Timestamp,
  })
  .meta({ id: 'DeadLetterEntry' });

/** The contracts by which the platform sees what a service gave up on, and has it tried again. */
export function deadLetterContracts<const Service extends string>(service: Service) {
  const access = { resource: `${service}:dead-letters`, level: 'admin', tenant: 'platform' } as const;
  return {
    list: rpc(`${service}.dead-letters.list.v1`, {
      summary: 'List the events that were given up on, newest first',
      access,
      http: { method: 'GET', path: `/v1/dead-letters/${service}` },
      input: z.object({ ...pageQuery, tenantId: TenantId.optional(), durable: text(100).optional() }),
      output: page(DeadLetterEntry),
      errors: ['cursor_invalid'],
    }),
    replay: rpc(`${service}.dead-letters.replay.v1`, {
      summary: 'Give an event to the durable that gave up on it once more',
      access,
      http: { method: 'POST', path: `/v1/dead-letters/${service}/{eventId}/replay` },
      input: z.object({ eventId: EventId, tenantId: TenantId, durable: text(100) }),
      output: z.object({
        /** Whether it is handled now, and the dead letter gone. */
        handled: z.boolean(),
        /** Why not. */
        reason: z.string().optional(),
      }),
      errors: ['dead_letter_not_found'],
      // A handler may take half a minute.
      timeoutMs: 40_000,
    }),
  };
}

const letter = {
  service: z.string(),
  /** Of that service. */
  durable: z.string(),
  eventId: EventId,
  eventType: z.string(),
  agentId: AgentId.optional(),
  runId: RunId.optional(),
  requestId: RequestId.optional(),
  /** The last failure, without what the event said. */
  reason: z.string(),
};
const ofEvent = (data: { eventId: string }) => `event:${data.eventId}`;

/** A durable gave up on an event, which is kept until it is replayed. Nothing is told of events about dead letters. */
export const deadLetterKept = event('messaging.dead-letters.kept.v1', {
  summary: 'A consumer gave up on an event',
  data: z.object({ ...letter, attempts: z.number().int() }),
  resource: ofEvent,
  audit: 'event_dead_lettered',
  outcome: () => 'failure',
});

/** An event was given to the durable that had given up on it once more. */
export const deadLetterReplayed = event('messaging.dead-letters.replayed.v1', {
  summary: 'An event that a consumer gave up on was replayed',
  data: z.object({ ...letter, handled: z.boolean() }).partial({ reason: true }),
  resource: ofEvent,
  audit: 'event_replayed',
  outcome: (data) => (data.handled ? 'success' : 'failure'),
});
