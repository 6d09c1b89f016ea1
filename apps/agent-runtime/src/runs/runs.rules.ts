import type { AgentId, RunId, TenantId } from '@support101/contracts';
import type { Run, RunOutcome, RunStatus, RunUsage } from '@support101/contracts/agent-runtime';

/** A run's row, with the progress of an unfinished one. */
export interface RunRow {
  readonly tenantId: TenantId;
  readonly runId: RunId;
  readonly agentId: AgentId;
  readonly blueprint: string;
  readonly blueprintVersion: string;
  readonly status: RunStatus;
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>> | null;
  readonly outcome: RunOutcome | null;
  readonly errorCode: string | null;
  readonly errorDetail: string | null;
  readonly stepsCount: number;
  readonly usage: RunUsage;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

/** The run as callers see it. A clock that was set back does not make a run shorter than nothing. */
export function toRun(row: RunRow): Run {
  const { errorCode, errorDetail, createdAt, startedAt, completedAt, ...same } = row;
  return {
    ...same,
    durationMs: completedAt === null ? null : Math.max(0, completedAt.getTime() - createdAt.getTime()),
    ...(errorCode === null ? {} : { error: { code: errorCode, detail: errorDetail ?? '' } }),
    createdAt: createdAt.toISOString(),
    ...(startedAt === null ? {} : { startedAt: startedAt.toISOString() }),
    ...(completedAt === null ? {} : { completedAt: completedAt.toISOString() }),
  };
}

/** What a run that nobody has taken yet looks like. */
export function queued(run: Omit<RunRow, keyof typeof untouched>): RunRow {
  return { ...run, ...untouched };
}

const untouched = {
  status: 'queued',
  output: null,
  outcome: null,
  errorCode: null,
  errorDetail: null,
  stepsCount: 0,
  usage: { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, model: null },
  startedAt: null,
  completedAt: null,
} as const;

const roomToAnswerMs = 500;

/** How long to wait for a run: not so long that the answer would come after the caller's deadline. */
export function waitLimit(waitMs: number, deadlineAt: number | undefined, nowMs: number): number {
  return deadlineAt === undefined ? waitMs : Math.max(0, Math.min(waitMs, deadlineAt - nowMs - roomToAnswerMs));
}

/** True when waiting longer brings nothing by itself: the run has ended or needs a person. */
export function isSettled(status: RunStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

const firstPauseMs = 25;
const longestPauseMs = 500;

/**
 * How long to wait before looking at a run for the n-th time (from 0). The news of its end comes at once when the
 * worker is in this process; looking is for a worker in another one.
 */
export function pauseBeforeLook(look: number, leftMs: number): number {
  return Math.max(0, Math.min(leftMs, longestPauseMs, firstPauseMs * 2 ** Math.min(look, 10)));
}
