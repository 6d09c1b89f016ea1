import { Injectable } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { outcomeOfFailure } from '@support101/agent-kit';
import type { AgentId, Caller, RequestId, RunId, TenantCaller, TenantId } from '@support101/contracts';
import {
  runCancelled,
  runCompleted,
  runFailed,
  runStepExecuted,
  runTimedOut,
  type RunDecision,
  type RunOutcome,
} from '@support101/contracts/agent-runtime';
import type { Tx } from '@support101/database';
import { Outbox, remoteContext } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { newsOf, Notices } from '../platform/notices.js';
import type { Question } from '../platform/questions.js';
import { RequestsService } from '../requests/requests.service.js';
import { JournalRepository, type EndedRow, type EndRow, type RunRef, type StepRow } from './journal.repository.js';
import { groundsOf, type State } from './journal.rules.js';

/** How a run ends. Only a completed one has an output. */
export type RunEnd =
  | { readonly status: 'completed'; readonly output: State; readonly outcome: RunOutcome }
  | { readonly status: 'failed' | 'cancelled' | 'timed_out'; readonly error: { readonly code: string; readonly detail: string } };

/** What a step comes to besides the next one: the run ends, or waits for a person; a decision was applied by it. */
export interface Turn {
  readonly end?: RunEnd;
  readonly wait?: Question;
  readonly applied?: RequestId;
}

/** Whose run it is, in whose name its facts are told. */
export interface Teller {
  readonly agentId: AgentId;
  readonly blueprint: string;
  readonly blueprintVersion: string;
  readonly caller: TenantCaller;
}

/** What becomes true in the transaction of a step or an end, and the facts about it. */
@Injectable()
export class JournalFactsService {
  constructor(
    private readonly repository: JournalRepository,
    private readonly requests: RequestsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly notices: Notices,
  ) {}

  step(tx: Tx, row: StepRow, { agentId, caller }: Teller): Promise<unknown> {
    return inTrace(caller, () => this.outbox.record(tx, runStepExecuted, stepFact(row, agentId), caller));
  }

  /** What the appended step comes to. False when it cannot, since the lease is lost. */
  turn(tx: Tx, row: StepRow, { end, wait, applied }: Turn, teller: Teller): Promise<boolean> {
    const { tenantId, runId, step, fence } = row;
    return inTrace(teller.caller, async () => {
      if (applied !== undefined) await this.requests.apply(tx, row, applied);
      if (end !== undefined) return this.end(tx, row, fence, end, teller.caller);
      return wait === undefined || this.requests.open(tx, { ...teller, tenantId, runId, fence }, step, wait);
    });
  }

  /** What people decided about the run, first to last. */
  decisions(tx: Tx, tenantId: TenantId, runId: RunId): Promise<RunDecision[]> {
    return this.requests.decisions(tx, tenantId, runId);
  }

  /** Ends the run: with a fence only if that worker holds it. False when it had ended, or another worker has it. */
  async end(tx: Tx, ref: RunRef, fence: number | null, end: RunEnd, caller: Caller): Promise<boolean> {
    const completedAt = this.clock.now();
    const row = endRow(end, completedAt);
    const ended = await this.repository.end(tx, ref, fence, row);
    if (ended === undefined) return false;
    const fact = { ...endFact(ref.runId, ended, completedAt), outcome: row.outcome };
    if (end.status === 'completed') await this.outbox.record(tx, runCompleted, { ...fact, ...groundsOf(end.output) }, caller);
    else await this.outbox.record(tx, endFacts[end.status], { ...fact, error: end.error }, caller);
    tx.afterCommit(() => {
      this.notices.tell(endOf(ref));
      this.notices.tell(newsOf(ref.runId));
    });
    return true;
  }
}

const endFacts = { failed: runFailed, cancelled: runCancelled, timed_out: runTimedOut } as const;

/** The topic of a run's end. */
export function endOf({ runId }: RunRef): string {
  return `ended ${runId}`;
}

function endRow(end: RunEnd, completedAt: Date): EndRow & { readonly outcome: RunOutcome } {
  if (end.status === 'completed') return { ...end, error: null, completedAt };
  return { ...end, output: null, outcome: outcomeOf(end), completedAt };
}

function outcomeOf({ status, error }: Exclude<RunEnd, { status: 'completed' }>): RunOutcome {
  if (status === 'cancelled') return 'abandoned';
  return status === 'failed' ? outcomeOfFailure(error.code) : 'failed';
}

function endFact(runId: RunId, { createdAt, requestId, ...rest }: EndedRow, at: Date) {
  const durationMs = Math.max(0, at.getTime() - createdAt.getTime());
  return { ...rest, runId, durationMs, ...(requestId === null ? {} : { requestId }) };
}

function stepFact({ runId, step, action, outcome, tools, durationMs }: StepRow, agentId: AgentId) {
  return { runId, agentId, step, action, tool: tools.at(-1)?.tool ?? null, outcome, durationMs };
}

/** The writer works for many runs at once: each fact keeps the trace of its own run. */
function inTrace<T>(caller: TenantCaller, run: () => Promise<T>): Promise<T> {
  return context.with(remoteContext(caller.traceparent), run);
}
