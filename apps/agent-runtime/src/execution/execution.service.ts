import { setImmediate as immediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { JsonObject, RunConfig } from '@support101/agent-kit';
import { SpanKind } from '@opentelemetry/api';
import { inDetailSpan } from '@support101/messaging';
import { LOG, type Log } from '@support101/service-kit';
import { BlueprintsService } from '../blueprints/blueprints.service.js';
import { JournalService, leaseTimes, type HeldRun, type RunEnd, type RunRef } from '../journal/journal.service.js';
import { holdRun, Stopped, type Hold, type StopReason } from '../platform/hold.js';
import { writeBehind, type WriteBehind } from '../platform/write-behind.js';
import { ExecutionStepsService, type Done, type Next, type Work } from './execution-steps.service.js';

/** How long a step in flight may go on after the queue has lost patience with it at shutdown, in milliseconds. */
const drainMs = 500;
/** How many steps may be on their way to the journal while the run goes on, and after how many other work has its turn. */
const mostBehind = 32;
const stepsPerTurn = 8;

/** The worker: takes a run, and plans and acts step by step until it ends or waits, another worker has it, or the process stops. */
@Injectable()
export class ExecutionService {
  constructor(
    private readonly journal: JournalService,
    private readonly blueprints: BlueprintsService,
    private readonly steps: ExecutionStepsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Works on the run while it can; a failure of the database is thrown, everything else ends or releases the run. */
  async execute(ref: RunRef, drain: AbortSignal): Promise<void> {
    const run = await this.journal.take(ref);
    if (run === undefined) return;
    const hold = holdRun({
      heartbeatMs: leaseTimes.heartbeatMs,
      timeLeftMs: run.timeLeftMs,
      drainMs,
      drain,
      renew: () => this.journal.renew(run),
      postpone: (byMs) => this.journal.postpone(run, byMs),
      onError: (error) =>
        this.log.warn(
          {
            error,
            ...ref,
          },
          'the lease could not be renewed',
        ),
    });
    const forget = this.journal.onEnd(ref, () => hold.stop('lost'));
    const behind = writeBehind(() => new Stopped('lost'), hold.fail);
    if (run.accepted !== undefined) behind.add(run.accepted);
    try {
      await this.#work(run, hold, behind, forget);
    } catch (error) {
      // What is on its way still counts: the run may even end by it.
      await behind.settled();
      if (!(error instanceof Stopped)) throw error;
      await this.#stop(run, error.reason);
    } finally {
      forget();
      hold.close();
    }
  }

  /**
   * Steps do not wait for the journal, only what leaves the process does (`ToolsService`): steps that reach nothing outside
   * themselves share a commit, and every other one finds all before it written. When the run is about to end or to wait,
   * news of that is no reason to stop (`forget`).
   */
  async #work(run: HeldRun, hold: Hold, behind: WriteBehind, forget: () => void): Promise<void> {
    const begun = this.#begin(run, hold, behind);
    if ('end' in begun) return this.#finish(run, begun.end, behind);
    const { work } = begun;
    let { state, next } = begun;
    for (let step = run.stepsCount; !('end' in next); step += 1) {
      hold.check();
      const done = await this.#take(work, step, state, next);
      if (done.next === undefined) forget();
      behind.add(this.journal.append(run, done.step, done.turn));
      if (done.next === undefined) return behind.written();
      ({ state, next } = { state: done.state, next: done.next });
      if (step % stepsPerTurn === stepsPerTurn - 1) await immediate();
      if (behind.onTheWay >= mostBehind) await behind.written();
    }
    return this.#finish(run, next.end, behind);
  }

  async #finish(run: HeldRun, end: RunEnd, behind: WriteBehind): Promise<void> {
    await behind.written();
    await this.journal.finish(run, end);
  }

  /** Where the run stands and what it does next; the end when the blueprint cannot go on with it. */
  #begin(run: HeldRun, hold: Hold, behind: WriteBehind): { work: Work; state: JsonObject; next: Next } | { end: RunEnd } {
    try {
      const { pending } = run;
      const blueprint = this.blueprints.pinned(run.blueprint, run.blueprintVersion);
      const config = run.config as unknown as RunConfig;
      const state = run.state === undefined ? blueprint.start(run.input as JsonObject, config) : blueprint.parseState(run.state);
      const mayLeave = async (): Promise<void> => {
        await behind.written();
        hold.signal.throwIfAborted();
      };
      const work = { run, blueprint, config, hold, mayLeave, asked: pending === null ? run.asked : [...run.asked, pending] };
      return { work, state, next: pending === null ? this.steps.plan(work, state, run.stepsCount) : { resume: pending } };
    } catch (error) {
      return { end: this.steps.failed(run, error) };
    }
  }

  #take(work: Work, step: number, state: JsonObject, next: Exclude<Next, { end: RunEnd }>): Promise<Done> {
    const name = 'resume' in next ? 'resume' : next.action.action;
    return inDetailSpan(`step ${name}`, spanOf(work.run, step), async () =>
      'resume' in next ? this.steps.resume(work, step, state, next.resume) : this.steps.take(work, step, state, next.action),
    );
  }

  async #stop(run: HeldRun, reason: StopReason): Promise<void> {
    if (reason === 'lost') return;
    if (reason === 'drain') return this.journal.release(run);
    const detail = 'The run was not finished within its time limit.';
    await this.journal.finish(run, { status: 'timed_out', error: { code: 'timed_out', detail } });
  }
}

function spanOf({ ref, agentId }: HeldRun, step: number) {
  return {
    kind: SpanKind.INTERNAL,
    attributes: { 'support101.run': ref.runId, 'support101.agent': agentId, 'support101.step': step },
  };
}
