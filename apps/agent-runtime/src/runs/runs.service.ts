import { Injectable } from '@nestjs/common';
import {
  DomainError,
  RunId,
  type AgentId,
  type Caller,
  type InputOf,
  type OutputOf,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import type { tenantDeactivated, tenantDeleted, tenantSuspended } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import { currentTraceparent, Outbox, type Delivery, type Fact } from '@support101/messaging';
import { Clock, keyOfCursor, pageOf, ServiceDatabase } from '@support101/service-kit';
import { z } from 'zod';
import { isStoppedBy } from '../platform/stops.js';
import { JournalService, type BegunRun, type RunEnd } from '../journal/journal.service.js';
import type { EndOfRun } from '../platform/notices.js';
import { RunsRepository, type NewRun, type Terms } from './runs.repository.js';
import { begun, endedRun, isSettled, pauseBeforeLook, queued, toRun, waitLimit, type RunRow } from './runs.rules.js';

/** What a run is made from, besides who asks for it. */
export type AcceptedRun = Pick<NewRun, 'runId' | 'agentId' | 'blueprint' | 'blueprintVersion' | 'config' | 'input' | 'timeoutMs'>;

/** On which terms: with `here`, this process works on the run from the start. */
export type AcceptTerms = Omit<Terms, 'lease'> & { readonly here: boolean };

/** A run that is ready to be written. */
export interface PreparedRun {
  readonly run: contract.Run;
  readonly terms: AcceptTerms;
  readonly row: BegunRun & NewRun;
  readonly started: Fact;
}

/** How many runs of a deleted tenant go in one transaction. */
const deletedAtOnce = 200;

/** Runs as their callers see them. What a worker does with them is the journal's. */
@Injectable()
export class RunsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: RunsRepository,
    private readonly journal: JournalService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** The run as it will be when it is accepted. */
  prepare(accepted: AcceptedRun, terms: AcceptTerms, caller: TenantCaller): PreparedRun {
    const { tenantId, correlationId } = caller;
    const traceparent = currentTraceparent() ?? caller.traceparent ?? null;
    const { timeoutMs, config, ...same } = accepted;
    const run = { ...same, tenantId, createdAt: this.clock.now() };
    const { runId, agentId, blueprint, blueprintVersion } = run;
    const started = this.outbox.fact(contract.runStarted, { runId, agentId, blueprint, blueprintVersion }, caller);
    const row = { ...run, ref: { tenantId, runId }, timeoutMs, config, correlationId, traceparent };
    return { run: toRun(terms.here ? begun(run) : queued(run)), terms, row, started };
  }

  /**
   * Writes a run and the fact that it was accepted, in one burst if need be. Throws `limit_exceeded` when the tenant has too
   * many runs at work, and is stopped by `agent_changed`.
   */
  async accept(tx: Tx, { run, row, terms, started }: PreparedRun): Promise<contract.Run> {
    const { here, ...same } = terms;
    const lease = here ? this.journal.lease : undefined;
    try {
      await Promise.all([this.repository.insert(tx, row, { ...same, lease }), this.outbox.recordAll(tx, [started])]);
    } catch (error) {
      throw isStoppedBy(error, 'no_place') ? noPlace(terms.atMost) : error;
    }
    return run;
  }

  /**
   * This process is about to work on the run, which is accepted or will be (`accepted`). Gives its end, if that comes before
   * there is a reason to look.
   */
  begin(
    { row }: PreparedRun,
    waitMs: number,
    { deadlineAt }: TenantCaller,
    accepted?: Promise<boolean>,
  ): Promise<EndOfRun | undefined> {
    this.journal.begin({ ...row, ...(accepted === undefined ? {} : { accepted }) });
    const atMostMs = waitLimit(waitMs, deadlineAt, this.clock.now().getTime());
    return this.journal.nextNews(row.ref, pauseBeforeLook(0, atMostMs, true));
  }

  /**
   * The run when it has ended or needs a person, or as it is after `waitMs`. One that this process works on (`news`) has
   * nothing to show before there is news of it, and its end is known without looking.
   */
  async settled(
    run: contract.Run,
    waitMs: number,
    caller: TenantCaller,
    news: Promise<EndOfRun | undefined> | undefined,
  ): Promise<contract.Run> {
    const { tenantId, runId } = run;
    const ref = { tenantId, runId };
    const here = news !== undefined;
    const until = performance.now() + waitLimit(waitMs, caller.deadlineAt, this.clock.now().getTime());
    if (here) {
      if (waitMs <= 0) return run;
      const end = await news;
      if (end !== undefined) return endedRun(run, end);
    }
    let awaitingSince: number | undefined;
    for (let look = 0; ; look += 1) {
      const stopListening = new AbortController();
      const left = until - performance.now();
      // Listen first, look then: the run may end in between.
      const next = this.journal.nextNews(ref, pauseBeforeLook(look, left, here), stopListening.signal);
      const row = await this.#find(this.database.alone(ref.tenantId), ref.tenantId, ref.runId);
      if (row.status === 'awaiting_human') awaitingSince ??= performance.now();
      const awaitingMs = awaitingSince === undefined ? 0 : performance.now() - awaitingSince;
      if (isSettled(row, awaitingMs) || left <= 0) {
        stopListening.abort();
        return toRun(row);
      }
      await next;
    }
  }

  async get(runId: RunId, { tenantId }: TenantCaller): Promise<contract.Run> {
    return toRun(await this.#find(this.database.alone(tenantId), tenantId, runId));
  }

  async list(input: InputOf<typeof contract.listRuns>, { tenantId }: TenantCaller): Promise<OutputOf<typeof contract.listRuns>> {
    const { limit, cursor, ...filter } = input;
    const before = keyOfCursor(RunId, cursor);
    const rows = await this.database.forTenant(tenantId, (tx) =>
      this.repository.list(tx, tenantId, { ...filter, before }, limit + 1),
    );
    return pageOf(rows, limit, ({ runId }) => runId, toRun);
  }

  async steps(
    input: InputOf<typeof contract.listRunSteps>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listRunSteps>> {
    const { runId, limit, cursor } = input;
    const after = keyOfCursor(z.int(), cursor) ?? -1;
    const steps = await this.database.forTenant(tenantId, async (tx) => {
      await this.#find(tx, tenantId, runId);
      return this.journal.steps(tx, { tenantId, runId }, after, limit + 1);
    });
    return pageOf(
      steps,
      limit,
      ({ step }) => step,
      (step) => step,
    );
  }

  /** All there is to know about the run. */
  async trace(runId: RunId, { tenantId }: Caller): Promise<OutputOf<typeof contract.traceRun>> {
    if (tenantId === undefined) throw new DomainError('tenant_required');
    const ref = { tenantId, runId };
    return this.database.forTenant(tenantId, async (tx) => ({
      run: toRun(await this.#find(tx, tenantId, runId)),
      steps: await this.journal.steps(tx, ref, -1, 10_000),
      decisions: await this.journal.decisions(tx, ref),
    }));
  }

  /** Ends the run as cancelled at once; the worker that has it aborts its call in flight and can write no more. */
  cancel(input: InputOf<typeof contract.cancelRun>, caller: TenantCaller): Promise<contract.Run> {
    const { tenantId } = caller;
    const { runId, reason } = input;
    return this.database.once(contract.cancelRun, input, caller, async (tx) => {
      await this.#find(tx, tenantId, runId);
      const done = await this.journal.end(tx, { tenantId, runId }, cancelled('cancelled', reason), caller);
      if (!done) throw new DomainError('run_already_ended');
      return toRun(await this.#find(tx, tenantId, runId));
    });
  }

  /** The agent's newest run and its state; undefined before the first run. */
  latest(
    agentId: AgentId,
    tenantId: TenantId,
  ): Promise<{ run: contract.Run; state: Record<string, unknown> | null } | undefined> {
    return this.database.forTenant(tenantId, async (tx) => {
      const [row] = await this.repository.list(tx, tenantId, { agentId }, 1);
      if (row === undefined) return undefined;
      return { run: toRun(row), state: await this.journal.state(tx, { tenantId, runId: row.runId }, row.stepsCount) };
    });
  }

  /** The tenant may not work any more: what is queued or at work ends. What waits for a person may wait on. */
  stopTenant(delivery: Delivery<typeof tenantSuspended> | Delivery<typeof tenantDeactivated>): Promise<void> {
    const end = cancelled('tenant_inactive', 'The tenant was taken out of service.');
    return this.#endAll(delivery, 'active', end);
  }

  /** The tenant is gone: nothing of it goes on, and nothing of what was asked and answered stays. */
  async dropTenant(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    const { tenantId } = delivery.caller;
    await this.#endAll(delivery, 'unfinished', cancelled('tenant_inactive', 'The tenant was deleted.'));
    // Each page by itself: what is gone stays gone when the time of this delivery is over, and the next one goes on.
    for (let deleted = deletedAtOnce; deleted === deletedAtOnce;) {
      delivery.signal.throwIfAborted();
      deleted = await this.database.forTenant(tenantId, (tx) => this.repository.deleteSome(tx, tenantId, deletedAtOnce));
    }
  }

  #endAll(delivery: Delivery, which: 'active' | 'unfinished', end: RunEnd): Promise<void> {
    const { caller } = delivery;
    return this.database.onceDelivered(delivery, (tx) => this.journal.endAll(tx, caller.tenantId, which, end, caller));
  }

  async #find(tx: Pick<Tx, 'query'>, tenantId: TenantId, runId: RunId): Promise<RunRow> {
    const row = await this.repository.find(tx, tenantId, runId);
    if (row === undefined) throw new DomainError('run_not_found');
    return row;
  }
}

function noPlace(atMost: number): DomainError {
  return new DomainError('limit_exceeded', `The tenant’s limit maxConcurrentExecutions of ${atMost} is reached.`, {
    retryAfterSeconds: 1,
  });
}

function cancelled(code: string, detail = 'The run was cancelled.'): RunEnd {
  return { status: 'cancelled', error: { code, detail } };
}
