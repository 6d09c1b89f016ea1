import { hostname } from 'node:os';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Caller, TenantCaller, TenantId } from '@support101/contracts';
import type { RunDecision, RunStep, RunUsage } from '@support101/contracts/agent-runtime';
import { groupWriter, type GroupWriter, type Tx } from '@support101/database';
import { currentTraceparent } from '@support101/messaging';
import { Clock, newId, ServiceDatabase } from '@support101/service-kit';
import { newsOf, Notices, type EndOfRun } from '../platform/notices.js';
import { isStoppedBy } from '../platform/stops.js';
import { endOf, JournalFactsService, type ActingRun, type Entry, type RunEnd, type Turn } from './journal-facts.service.js';
import { JournalRepository, type DueRow, type RunRef, type TakenRow } from './journal.repository.js';
import { addUsage, fold, lastSnapshot, stateRow, type State } from './journal.rules.js';

export type { RunEnd, Turn } from './journal-facts.service.js';
export type { RunRef } from './journal.repository.js';

/** How long a lease lasts without a heartbeat, and how often a heartbeat comes; milliseconds. */
export const leaseTimes = { leaseMs: 3_000, heartbeatMs: 1_000 } as const;

/** A run as the worker that holds its lease sees it. */
export interface HeldRun extends TakenRow {
  readonly ref: RunRef;
  /** Undefined before the first step. */
  readonly state: State | undefined;
  /** What the run's facts and commands are done by: its agent. */
  readonly caller: TenantCaller;
  /** Whether the run was accepted, of one that is taken before that is known. */
  readonly accepted?: Promise<boolean>;
  /** Counts up with each step that is appended. */
  usage: RunUsage;
}

/** What is known of a run that this process accepts and holds. */
export type BegunRun = Pick<
  HeldRun,
  'ref' | 'agentId' | 'blueprint' | 'blueprintVersion' | 'config' | 'input' | 'correlationId' | 'traceparent' | 'createdAt'
> & { readonly timeoutMs: number; readonly accepted?: Promise<boolean> };

/** A finished step, to be appended. */
export interface FinishedStep extends Omit<RunStep, 'completedAt'> {
  readonly before: State;
  readonly after: State;
}

/**
 * The durable truth about runs at work: who may write (a lease with a fence), what happened (one row per step), and
 * how it ended. Each write and the fact about it become true together.
 */
@Injectable()
export class JournalService implements OnModuleDestroy {
  /** What this process takes leases with. */
  readonly lease = { owner: `${hostname()} ${process.pid} ${newId('cor')}`, leaseMs: leaseTimes.leaseMs } as const;
  readonly #writer: GroupWriter<Entry, true>;
  readonly #begun = new Map<string, HeldRun>();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: JournalRepository,
    private readonly facts: JournalFactsService,
    private readonly clock: Clock,
    private readonly notices: Notices,
  ) {
    // When a lease is lost nothing of a batch is committed, and the writer goes on without the step at fault.
    const write = (tx: Tx, entries: readonly Entry[]) => facts.write(tx, entries).then(() => entries.map(() => true as const));
    this.#writer = groupWriter({ database, reason: 'run-journal', burst: true, write });
  }

  onModuleDestroy(): Promise<void> {
    return this.#writer.close();
  }

  /** The run is accepted with its lease in this process's hands, or will be: the next `take` of it here asks nobody. */
  begin({ ref, timeoutMs, ...run }: BegunRun): void {
    const taken = { ...run, fence: 1, stepsCount: 0, timeLeftMs: timeoutMs, pending: null, asked: [], usage: noUsage };
    this.#begun.set(ref.runId, { ...taken, ref, state: undefined, caller: agentCaller(ref, taken) });
  }

  /** Takes a run's lease and loads where it stands; undefined when another worker holds it or nothing is to be done. */
  async take(ref: RunRef): Promise<HeldRun | undefined> {
    const begun = this.#begun.get(ref.runId);
    this.#begun.delete(ref.runId);
    if (begun !== undefined) return begun;
    const { owner, leaseMs } = this.lease;
    return this.database.forTenant(ref.tenantId, async (tx) => {
      const taken = await this.repository.take(tx, ref, owner, leaseMs, this.clock.now());
      if (taken === undefined) return undefined;
      const state = taken.stepsCount === 0 ? undefined : await this.#load(tx, ref, taken.stepsCount);
      return { ...taken, ref, state, caller: agentCaller(ref, taken) };
    });
  }

  /** False when the lease is no longer this worker's. */
  async renew({ ref, fence, accepted }: HeldRun): Promise<boolean> {
    if ((await accepted) === false) return false;
    return this.repository.renew(this.database.alone(ref.tenantId), ref, fence, leaseTimes.leaseMs);
  }

  /** Makes the run's time limit later: an outage is not the run's time. */
  async postpone({ ref, fence, accepted }: HeldRun, byMs: number): Promise<void> {
    await accepted;
    await this.repository.postpone(this.database.alone(ref.tenantId), ref, fence, byMs);
  }

  /** Hands the run back: any worker can take it at once. */
  release({ ref, fence }: HeldRun): Promise<void> {
    return this.repository.release(this.database.alone(ref.tenantId), ref, fence);
  }

  /**
   * Appends a step, and in the same transaction what it comes to: the run ends, or waits. False when the lease is lost.
   * Steps that runs finish at the same time share one commit.
   */
  async append(run: HeldRun, step: FinishedStep, turn: Turn = {}): Promise<boolean> {
    const { before, after, ...columns } = step;
    const { ref, fence, accepted } = run;
    const row = { ...columns, ...ref, fence, completedAt: this.clock.now(), state: stateRow(step.step, before, after) };
    run.usage = addUsage(run.usage, step.usage);
    const entry = this.facts.entry(acting(run, step.step), row, turn);
    if ((await accepted) === false) return false;
    try {
      return await this.#writer.offer(entry);
    } catch (error) {
      if (isStoppedBy(error, 'lease_lost')) return false;
      throw error;
    }
  }

  /** Ends a held run that makes no further step. False when the lease is lost. */
  finish(run: HeldRun, end: RunEnd): Promise<boolean> {
    return this.database.forTenant(run.ref.tenantId, (tx) => this.facts.end(tx, run.ref, run.fence, end, run.caller));
  }

  /** Ends a run from outside, whoever holds it; its worker learns it at once or at its next write. False when it had ended. */
  end(tx: Tx, ref: RunRef, end: RunEnd, caller: Caller): Promise<boolean> {
    return this.facts.end(tx, ref, null, end, caller);
  }

  /** Ends the tenant's runs: those queued or at work, or all that have not ended. */
  async endAll(tx: Tx, tenantId: TenantId, which: 'active' | 'unfinished', end: RunEnd, caller: Caller): Promise<void> {
    for (const runId of await this.repository[which](tx, tenantId)) await this.end(tx, { tenantId, runId }, end, caller);
  }

  /** The state after the given number of steps; null before the first. */
  async state(tx: Tx, ref: RunRef, stepsCount: number): Promise<State | null> {
    return stepsCount === 0 ? null : this.#load(tx, ref, stepsCount);
  }

  /** Steps after the given one, in order. */
  async steps(tx: Tx, ref: RunRef, after: number, limit: number): Promise<RunStep[]> {
    const rows = await this.repository.steps(tx, ref, after, limit);
    return rows.map((row) => ({ ...row, completedAt: row.completedAt.toISOString() }));
  }

  /** What people decided about the run, first to last. */
  decisions(tx: Tx, { tenantId, runId }: RunRef): Promise<RunDecision[]> {
    return this.facts.decisions(tx, tenantId, runId);
  }

  /** Calls `listener` when this process ends the run, until the answer is called. */
  onEnd(ref: RunRef, listener: () => void): () => void {
    return this.notices.listen(endOf(ref), listener);
  }

  /**
   * Resolves when this process has news of the run, with its end if it is that; with nothing when `timeoutMs` have passed or
   * the signal fires.
   */
  nextNews({ runId }: RunRef, timeoutMs: number, signal?: AbortSignal): Promise<EndOfRun | undefined> {
    return this.notices.next(newsOf(runId), timeoutMs, signal);
  }

  /** Every run of any tenant that a worker may take now. */
  async *due(): AsyncIterable<DueRow> {
    const pageSize = 500;
    for (
      let page = await this.#duePage(undefined, pageSize);
      page.length > 0;
      page = await this.#duePage(page.at(-1), pageSize)
    ) {
      yield* page;
      if (page.length < pageSize) return;
    }
  }

  /** Runs whose worker has died or handed them back: someone had taken them, and nobody holds them now. */
  abandoned(): Promise<RunRef[]> {
    return this.database.asSystem('run-recovery', (tx) => this.repository.abandoned(tx, 500));
  }

  #duePage(after: RunRef | undefined, limit: number): Promise<DueRow[]> {
    return this.database.asSystem('job-refill', (tx) => this.repository.due(tx, after, limit));
  }

  async #load(tx: Tx, ref: RunRef, stepsCount: number): Promise<State> {
    return fold(await this.repository.stateRows(tx, ref, lastSnapshot(stepsCount)));
  }
}

function traced(): { traceparent?: string } {
  const traceparent = currentTraceparent();
  return traceparent === undefined ? {} : { traceparent };
}

const noUsage: RunUsage = { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, model: null };

/** The run as it is with this step. */
function acting(run: HeldRun, step: number): ActingRun {
  const requestId = run.pending?.requestId ?? run.asked.at(-1)?.requestId ?? null;
  return { ...run, requestId, stepsCount: step + 1, caller: { ...run.caller, ...traced() } };
}

function agentCaller(
  { tenantId, runId }: RunRef,
  taken: Pick<TakenRow, 'agentId' | 'correlationId' | 'traceparent'>,
): TenantCaller {
  return {
    tenantId,
    principal: { type: 'agent', id: taken.agentId, roles: [] },
    correlationId: taken.correlationId,
    causationId: runId,
    ...(taken.traceparent === null ? {} : { traceparent: taken.traceparent }),
  };
}
