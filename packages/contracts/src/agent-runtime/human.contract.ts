import { z } from 'zod';
import { requestContent } from '../hitl/request.js';
import { event, rpc } from '../kernel/contract.js';
import { AgentId, RequestId, RunId } from '../kernel/ids.js';
import { FreeObject, text } from '../kernel/text.js';
import { Run, RunStep } from './runs.contract.js';

const ofRun = (data: { runId: string }) => `run:${data.runId}`;
const identity = { runId: RunId, agentId: AgentId, requestId: RequestId };

/**
 * A run needs a person. Written in the transaction that makes the run wait; the request’s id is made there too, so the
 * request that hitl opens from this is the one the run waits for.
 */
export const runHumanRequested = event('agent-runtime.runs.human-requested.v1', {
  summary: 'A run waits for a person',
  data: z.object({
    ...requestContent,
    ...identity,
    blueprint: z.string(),
    blueprintVersion: z.string(),
    /** The step that asked. */
    step: z.number().int(),
  }),
  resource: ofRun,
  audit: 'human_feedback_requested',
});

/** A run goes on: its request was decided, or will not be. */
export const runResumed = event('agent-runtime.runs.resumed.v1', {
  summary: 'A run goes on after a person was asked',
  data: z.object({ ...identity, decision: z.string() }),
  resource: ofRun,
  audit: 'human_feedback_provided',
  outcome: (data) => data.decision,
});

/** What a person decided about a run, as the run’s journal keeps it. */
export const RunDecision = z
  .object({
    requestId: RequestId,
    /** One of the options that were offered, or `expired`, `cancelled`, `refused`. */
    decision: z.string(),
    edits: FreeObject.optional(),
    response: text(20_000).optional(),
    reason: text(2000).optional(),
    decidedBy: z.string().optional(),
    /** Digest of the action that may be executed: the one that was shown, or the edited one. */
    actionDigest: z.string().optional(),
  })
  .meta({ id: 'RunDecision' });
export type RunDecision = z.infer<typeof RunDecision>;

/** All there is to know about one run, for the service that learns from it. */
export const traceRun = rpc('agent-runtime.runs.trace.v1', {
  summary: 'A run with all its steps and what people decided about it',
  access: { internal: true },
  input: z.object({ runId: RunId }),
  output: z.object({ run: Run, steps: z.array(RunStep), decisions: z.array(RunDecision) }),
  errors: ['run_not_found'],
});
