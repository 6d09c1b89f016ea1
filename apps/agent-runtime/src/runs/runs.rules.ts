import type { AgentId, RequestId, RunId, TenantId } from '@support101/contracts';
import { hasEnded, type Run, type RunOutcome, type RunStatus, type RunUsage } from '@support101/contracts/agent-runtime';

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
  /** The request the run waits for, or whose decision is still to be applied. */
  readonly requestId: RequestId | null;
  /** Whether that request can be seen by its id. */
  readonly visible: boolean | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
}

/** The run as callers see it. A clock that was set back does not make a run shorter than nothing. */
export function toRun(row: RunRow): Run {
  const { errorCode, errorDetail, createdAt, startedAt, completedAt, requestId, visible: _visible, ...same } = row;
  return {
    ...same,
    ...(same.status !== 'awaiting_human' || requestId === null ? {} : { awaiting: { requestId } }),
    durationMs: completedAt === null ? null : durationOf(createdAt, completedAt),
    ...(errorCode === null ? {} : { error: { code: errorCode, detail: errorDetail ?? '' } }),
    createdAt: createdAt.toISOString(),
    ...(startedAt === null ? {} : { startedAt: startedAt.toISOString() }),
    ...(completedAt === null ? {} : { completedAt: completedAt.toISOString() }),
  };
}

/** What of a run its end decides. */
export interface RunEnding extends Pick<RunRow, 'status' | 'output' | 'outcome' | 'stepsCount' | 'usage'> {
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly completedAt: Date;
}

/** A run that was at work, once it has ended. */
export function endedRun(run: Run, { error, completedAt, ...end }: RunEnding): Run {
  return {
    ...run,
    ...end,
    durationMs: durationOf(new Date(run.createdAt), completedAt),
    ...(error === null ? {} : { error }),
    completedAt: completedAt.toISOString(),
  };
}

function durationOf(createdAt: Date, completedAt: Date): number {
  return Math.max(0, completedAt.getTime() - createdAt.getTime());
}

/** What a run that nobody has taken yet looks like. */
export function queued(run: Omit<RunRow, keyof typeof untouched>): RunRow {
  return { ...run, ...untouched };
}

/** What a run looks like that its acceptor works on from the start. */
export function begun(run: Omit<RunRow, keyof typeof untouched>): RunRow {
  return { ...run, ...untouched, status: 'running', startedAt: run.createdAt };
}

const untouched = {
  status: 'queued',
  output: null,
  outcome: null,
  errorCode: null,
  errorDetail: null,
  stepsCount: 0,
  usage: { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, model: null },
  requestId: null,
  visible: null,
  startedAt: null,
  completedAt: null,
} as const;

const roomToAnswerMs = 500;

/** How long to wait for a run: not so long that the answer would come after the caller's deadline. */
export function waitLimit(waitMs: number, deadlineAt: number | undefined, nowMs: number): number {
  return deadlineAt === undefined ? waitMs : Math.max(0, Math.min(waitMs, deadlineAt - nowMs - roomToAnswerMs));
}

/** How long the answer waits for a request to become visible, in milliseconds: whoever is told of it shall find it. */
const longestHiddenMs = 2_000;

/** True when waiting longer brings nothing by itself: the run has ended, or a person can be seen to be asked. */
export function isSettled({ status, visible }: Pick<RunRow, 'status' | 'visible'>, awaitingMs: number): boolean {
  if (status === 'awaiting_human') return visible === true || awaitingMs >= longestHiddenMs;
  return hasEnded(status);
}

const firstPauseMs = 25;
const longestPauseMs = 500;

/**
 * How long to wait before looking at a run for the n-th time (from 0). The news of its end comes at once when the
 * worker is in this process (`here`); looking is for a worker in another one.
 */
export function pauseBeforeLook(look: number, leftMs: number, here: boolean): number {
  return Math.max(0, Math.min(leftMs, longestPauseMs, here ? longestPauseMs : firstPauseMs * 2 ** Math.min(look, 10)));
}
