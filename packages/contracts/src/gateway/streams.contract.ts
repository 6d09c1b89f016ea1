import { z } from 'zod';
import { stream } from '../kernel/contract.js';
import { EventId, RunId } from '../kernel/ids.js';
import { text, Timestamp } from '../kernel/text.js';

/** A fact as live listeners get it. Its id is the id of the server-sent event, from which a listener can resume. */
export const LiveFact = z
  .object({
    id: EventId,
    /** For example `hitl.requests.decided.v1`. */
    type: z.string(),
    /** `<kind>:<id>` of what it is about. */
    resource: z.string(),
    outcome: z.string(),
    time: Timestamp,
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LiveFact' });
export type LiveFact = z.infer<typeof LiveFact>;

/**
 * Every fact of the caller’s tenant as it happens; after a gap those since `Last-Event-ID` come first. Each comes at least
 * once: some that came before the gap are repeated with their ids, and one that was on its way during the gap may come some
 * seconds later. A listener that was away for more than 5,000 gets the latest of them. A `Last-Event-ID` that is no id of an
 * event is `validation_failed`.
 */
export const watchTenant = stream('gateway.tenants.watch.v1', {
  summary: 'Watch what happens in the tenant, live',
  access: { resource: 'gateway:stream', level: 'read' },
  http: { method: 'GET', path: '/v1/stream' },
  input: z.object({
    /** Beginnings of event types, separated by commas: `hitl,agent-runtime.runs`. All types when left out. */
    topics: text(500).optional(),
  }),
  item: LiveFact,
  errors: [],
});

/**
 * Every fact of one run, from its beginning or, as above, since `Last-Event-ID`; the stream ends with the run. Who has got
 * the fact that ends the run has got all of them.
 */
export const watchRun = stream('gateway.runs.watch.v1', {
  summary: 'Watch a run, live',
  access: { resource: 'agent-runtime:runs', level: 'read' },
  http: { method: 'GET', path: '/v1/runs/{runId}/events' },
  input: z.object({ runId: RunId }),
  item: LiveFact,
  errors: ['run_not_found'],
});
