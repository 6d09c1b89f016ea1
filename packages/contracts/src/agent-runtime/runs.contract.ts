import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { AgentId, ArticleId, id, RequestId, RunId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { FreeObject, text, Timestamp } from '../kernel/text.js';

/** Every status of a run. */
export const runStatuses = ['queued', 'running', 'awaiting_human', 'completed', 'failed', 'cancelled', 'timed_out'] as const;
/** Where a run stands. */
export const RunStatus = z.enum(runStatuses);
export type RunStatus = z.infer<typeof RunStatus>;

/** The statuses a run never leaves. */
export const endedStatuses = ['completed', 'failed', 'cancelled', 'timed_out'] as const satisfies readonly RunStatus[];

/** How a run turned out for the customer. */
export const RunOutcome = z.enum(['resolved', 'assisted', 'escalated', 'abandoned', 'failed']);
export type RunOutcome = z.infer<typeof RunOutcome>;

/** What a run or step spent on models. `model` is the last one used, null when none was. */
export const RunUsage = z
  .object({
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    costMicroUsd: z.number().int(),
    model: z.string().nullable(),
  })
  .meta({ id: 'RunUsage' });
export type RunUsage = z.infer<typeof RunUsage>;

/** One execution of an agent. `output`, `outcome` and `durationMs` are null until it has ended. */
export const Run = z
  .object({
    runId: RunId,
    agentId: AgentId,
    tenantId: TenantId,
    blueprint: z.string(),
    blueprintVersion: z.string(),
    status: RunStatus,
    input: z.record(z.string(), z.unknown()),
    output: z.record(z.string(), z.unknown()).nullable(),
    outcome: RunOutcome.nullable(),
    stepsCount: z.number().int(),
    durationMs: z.number().int().nullable(),
    usage: RunUsage,
    awaiting: z.object({ requestId: RequestId }).optional(),
    /** Why it failed, was cancelled or timed out. `code` is stable, `detail` may be shown. */
    error: z.object({ code: z.string(), detail: z.string() }).optional(),
    createdAt: Timestamp,
    startedAt: Timestamp.optional(),
    completedAt: Timestamp.optional(),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;

/** One finished step of a run, as its journal keeps it. */
export const RunStep = z
  .object({
    step: z.number().int(),
    action: z.string(),
    /** The tools the step called, in order. */
    tools: z.array(z.object({ tool: z.string(), outcome: z.string(), durationMs: z.number().int() })),
    outcome: z.enum(['success', 'failure', 'interrupted']),
    result: z.record(z.string(), z.unknown()),
    usage: RunUsage,
    durationMs: z.number().int(),
    completedAt: Timestamp,
  })
  .meta({ id: 'RunStep' });
export type RunStep = z.infer<typeof RunStep>;

const read = { resource: 'agent-runtime:runs', level: 'read' } as const;
const change = { resource: 'agent-runtime:runs', level: 'execute' } as const;

/** The longest that `executeAgent` waits for the end of a run, in seconds. */
export const maxWaitSeconds = 60;

/**
 * Starts a run and waits for its end for as long as the caller prefers; the run goes on when the wait is over. An input of
 * more than 500,000 bytes is `payload_too_large`: the run could not be shown.
 */
export const executeAgent = rpc('agent-runtime.runs.start.v1', {
  summary: 'Execute an agent',
  access: change,
  http: {
    method: 'POST',
    path: '/v1/agents/{agentId}/execute',
    preferWait: 'waitSeconds',
    status: { among: [200, 202], of: (run) => (hasEnded(run.status) ? 200 : 202) },
    location: (run) => `/v1/runs/${run.runId}`,
  },
  input: z.object({
    agentId: AgentId,
    input: FreeObject,
    /** How long the run may work, counted from when a worker takes it. The agent's own timeout when left out. */
    timeoutSeconds: z.number().int().min(1).max(3600).optional(),
    /** A preference: more than 60 counts as 60. */
    waitSeconds: z.number().int().min(0).default(30),
  }),
  output: Run,
  errors: [
    'agent_not_found',
    'agent_disabled',
    'blueprint_not_found',
    'run_input_invalid',
    'payload_too_large',
    'limit_exceeded',
  ],
  timeoutMs: maxWaitSeconds * 1000 + 10_000,
});

/** Lists the tenant's runs, newest first. */
export const listRuns = rpc('agent-runtime.runs.list.v1', {
  summary: 'List the runs',
  access: read,
  http: { method: 'GET', path: '/v1/runs' },
  input: z.object({ ...pageQuery, status: RunStatus.optional(), agentId: AgentId.optional() }),
  output: page(Run),
  errors: ['cursor_invalid'],
});

/** Reads one run. */
export const getRun = rpc('agent-runtime.runs.get.v1', {
  summary: 'Read one run',
  access: read,
  http: { method: 'GET', path: '/v1/runs/{runId}' },
  input: z.object({ runId: RunId }),
  output: Run,
  errors: ['run_not_found'],
});

/** Lists the finished steps of a run, first to last. */
export const listRunSteps = rpc('agent-runtime.runs.steps.v1', {
  summary: 'List the steps of a run',
  access: read,
  http: { method: 'GET', path: '/v1/runs/{runId}/steps' },
  input: z.object({ ...pageQuery, runId: RunId }),
  output: page(RunStep),
  errors: ['run_not_found', 'cursor_invalid'],
});

/** Cancels a run: it stops between steps, and a call in flight is aborted. */
export const cancelRun = rpc('agent-runtime.runs.cancel.v1', {
  summary: 'Cancel a run',
  access: change,
  http: { method: 'POST', path: '/v1/runs/{runId}/cancel' },
  input: z.object({ runId: RunId, reason: text(500).optional() }),
  output: Run,
  errors: ['run_not_found', 'run_already_ended'],
});

const ofRun = (data: { runId: string }) => `run:${data.runId}`;
const identity = { runId: RunId, agentId: AgentId, blueprint: z.string(), blueprintVersion: z.string() };
const ending = {
  ...identity,
  stepsCount: z.number().int(),
  durationMs: z.number().int(),
  usage: RunUsage,
  outcome: RunOutcome.optional(),
  /** The last request to a person that was decided. */
  requestId: RequestId.optional(),
};
/** What the output says it rests on, where it says so: `sources` and `confidence`. */
const grounds = {
  usedArticleIds: z.array(ArticleId).optional(),
  usedPathIds: z.array(id('gpt')).optional(),
  confidence: z.number().optional(),
};
const reason = z.object({ code: z.string(), detail: z.string() });

/** A run was accepted and waits for a worker. */
export const runStarted = event('agent-runtime.runs.started.v1', {
  summary: 'A run was accepted',
  data: z.object(identity),
  resource: ofRun,
  audit: 'execution_started',
});

/** A step of a run is finished and journaled. Carries no customer text. */
export const runStepExecuted = event('agent-runtime.runs.step-executed.v1', {
  summary: 'A run finished a step',
  data: z.object({
    runId: RunId,
    agentId: AgentId,
    step: z.number().int(),
    action: z.string(),
    /** The tool the step called; the last one of several; null when it called none. */
    tool: z.string().nullable(),
    outcome: z.string(),
    durationMs: z.number().int(),
  }),
  resource: ofRun,
  audit: 'step_executed',
  outcome: (data) => data.outcome,
});

/** A run reached its goal. */
export const runCompleted = event('agent-runtime.runs.completed.v1', {
  summary: 'A run completed',
  data: z.object({ ...ending, ...grounds, outcome: RunOutcome }),
  resource: ofRun,
  audit: 'execution_completed',
});

/** A run ended without reaching its goal. */
export const runFailed = event('agent-runtime.runs.failed.v1', {
  summary: 'A run failed',
  data: z.object({ ...ending, error: reason }),
  resource: ofRun,
  audit: 'execution_failed',
  outcome: () => 'failure',
});

/** A run was stopped by a caller or because its tenant was suspended. */
export const runCancelled = event('agent-runtime.runs.cancelled.v1', {
  summary: 'A run was cancelled',
  data: z.object({ ...ending, error: reason }),
  resource: ofRun,
  audit: 'execution_cancelled',
  outcome: () => 'cancelled',
});

/** A run was not finished within its time. */
export const runTimedOut = event('agent-runtime.runs.timed-out.v1', {
  summary: 'A run timed out',
  data: z.object({ ...ending, error: reason }),
  resource: ofRun,
  audit: 'execution_timeout',
  outcome: () => 'failure',
});

/** True when a run never changes any more. */
export function hasEnded(status: RunStatus): boolean {
  return (endedStatuses as readonly RunStatus[]).includes(status);
}
