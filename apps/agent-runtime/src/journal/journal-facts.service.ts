import { Injectable } from '@nestjs/common';
import { outcomeOfFailure } from '@support101/agent-kit';
import type { Caller, RequestId, RunId, TenantId } from '@support101/contracts';
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
import { Outbox, type Fact } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { newsOf, Notices, type EndOfRun } from '../platform/notices.js';
import type { Question } from '../platform/questions.js';
import { RequestsService, type AskedRequest, type AskingRun } from '../requests/requests.service.js';
import { JournalRepository, type EndedRow, type EndRow, type RunRef, type StepRow, type Steps } from './journal.repository.js';
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

/** The held run that made a step, as it is with that step. */
export interface ActingRun extends Omit<AskingRun, keyof RunRef>, EndedRow {
  readonly ref: RunRef;
}

/** A step to be appended with all that becomes true with it. Made before the transaction, in which nothing is asked. */
export interface Entry {
  readonly row: StepRow;
  readonly facts: readonly Fact[];
  readonly applied: RequestId | undefined;
  readonly asks: AskedRequest | undefined;
  readonly end: EndOfRun | undefined;
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

  /** What appending a step comes to. */
  entry(run: ActingRun, row: StepRow, { applied, wait, end }: Turn): Entry {
    const { ref, caller, agentId } = run;
    const { step, action, outcome, tools, durationMs } = row;
    const tool = tools.at(-1)?.tool ?? null;
    const executed = { runId: ref.runId, agentId, step, action, tool, outcome, durationMs };
    const facts = [this.outbox.fact(runStepExecuted, executed, caller)];
    const asks = wait && this.requests.ask({ ...run, ...ref }, step, wait);
    if (asks !== undefined) facts.push(asks.fact);
    const ending = end && { ...endRow(end, this.clock.now()), stepsCount: run.stepsCount, usage: run.usage };
    if (ending !== undefined) facts.push(this.#endFact(ref, run, end as RunEnd, ending, caller));
    return { row, facts, applied, asks, end: ending };
  }

  /**
   * Writes the entries in one burst, those of one run in the order given. Is stopped by `lease_lost` when one of the runs
   * is another worker's or has ended; then nothing is written.
   */
  async write(tx: Tx, entries: readonly Entry[]): Promise<void> {
    // By fence as well: one who has lost the run may still be here, and writes nothing together with one who has it.
    const byHolder = Map.groupBy(entries, ({ row }) => `${row.runId} ${row.fence}`);
    const writing = [...byHolder.values()].flatMap((ofRun) => this.#writeRun(tx, ofRun));
    const facts = entries.flatMap((entry) => entry.facts);
    await Promise.all([...writing, this.outbox.recordAll(tx, facts)]);
  }

  #writeRun(tx: Tx, entries: readonly Entry[]): Promise<unknown>[] {
    const rows = entries.map(({ row }) => row) as readonly StepRow[] as Steps;
    // Nothing follows the entry that ends the run or asks a person.
    const { asks, end } = entries.at(-1) as Entry;
    const writing: Promise<unknown>[] = entries.flatMap(({ row, applied }) =>
      applied === undefined ? [] : [this.requests.apply(tx, row, applied)],
    );
    writing.push(this.repository.append(tx, rows, end));
    if (asks !== undefined) writing.push(this.requests.open(tx, asks));
    if (end !== undefined) this.#tell(tx, rows[0], end);
    return writing;
  }

  /** What people decided about the run, first to last. */
  decisions(tx: Tx, tenantId: TenantId, runId: RunId): Promise<RunDecision[]> {
    return this.requests.decisions(tx, tenantId, runId);
  }

  /** Ends the run: with a fence only if that worker holds it. False when it had ended, or another worker has it. */
  async end(tx: Tx, ref: RunRef, fence: number | null, end: RunEnd, caller: Caller): Promise<boolean> {
    const row = endRow(end, this.clock.now());
    const ended = await this.repository.end(tx, ref, fence, row);
    if (ended === undefined) return false;
    await this.outbox.recordAll(tx, [this.#endFact(ref, ended, end, row, caller)]);
    this.#tell(tx, ref, { ...row, stepsCount: ended.stepsCount, usage: ended.usage });
    return true;
  }

  #endFact({ runId, tenantId }: RunRef, ended: EndedRow, end: RunEnd, { completedAt, outcome }: EndRow, caller: Caller): Fact {
    const { agentId, blueprint, blueprintVersion, stepsCount, usage, createdAt, requestId } = ended;
    const durationMs = Math.max(0, completedAt.getTime() - createdAt.getTime());
    const data = {
      runId,
      agentId,
      blueprint,
      blueprintVersion,
      stepsCount,
      usage,
      durationMs,
      outcome,
      ...(requestId === null ? {} : { requestId }),
    };
    return end.status === 'completed'
      ? this.outbox.fact(runCompleted, { ...data, ...groundsOf(end.output) }, caller, { tenantId })
      : this.outbox.fact(endFacts[end.status], { ...data, error: end.error }, caller, { tenantId });
  }

  #tell(tx: Tx, ref: RunRef, end: EndOfRun): void {
    tx.afterCommit(() => {
      this.notices.tell(endOf(ref));
      this.notices.tell(newsOf(ref.runId), end);
    });
  }
}

const endFacts = { failed: runFailed, cancelled: runCancelled, timed_out: runTimedOut } as const;

/** The topic of a run's end. */
export function endOf({ runId }: RunRef): string {
  return `ended ${runId}`;
}

function endRow(end: RunEnd, completedAt: Date): EndRow {
  if (end.status === 'completed') return { ...end, error: null, completedAt };
  return { ...end, output: null, outcome: outcomeOf(end), completedAt };
}

function outcomeOf({ status, error }: Exclude<RunEnd, { status: 'completed' }>): RunOutcome {
  if (status === 'cancelled') return 'abandoned';
  return status === 'failed' ? outcomeOfFailure(error.code) : 'failed';
}
