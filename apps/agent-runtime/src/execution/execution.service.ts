import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  addUsage,
  isRunFailure,
  noUsage,
  type Action,
  type Blueprint,
  type JsonObject,
  type RunConfig,
} from '@support101/agent-kit';
import { context, SpanKind } from '@opentelemetry/api';
import { isDomainError } from '@support101/contracts';
import type { RunUsage } from '@support101/contracts/agent-runtime';
import { inSpan } from '@support101/messaging';
import { LOG, newId, type Log } from '@support101/service-kit';
import { BlueprintsService } from '../blueprints/blueprints.service.js';
import {
  JournalService,
  leaseTimes,
  type FinishedStep,
  type HeldRun,
  type RunEnd,
  type RunRef,
} from '../journal/journal.service.js';
import { holdRun, Stopped, untilStopped, type Hold, type StopReason } from '../platform/hold.js';
import { ToolsService, type Toolbox } from '../tools/tools.service.js';
import { decide, retryDelay } from './execution.rules.js';

/** How long a step in flight may go on after the queue has lost patience with it at shutdown, in milliseconds. */
const drainMs = 500;

/** What a run does next: a step, or its end. */
type Next = { readonly action: Action } | { readonly end: RunEnd };

/** One run in the hands of this worker. */
interface Work {
  readonly run: HeldRun;
  readonly blueprint: Blueprint;
  readonly config: RunConfig;
  readonly hold: Hold;
}

/** A step that was carried out, well or not. */
interface Done {
  readonly step: FinishedStep;
  readonly state: JsonObject;
  readonly next: Next;
}

/** The worker: takes a run, and plans and acts step by step until it ends, another worker has it, or the process stops. */
@Injectable()
export class ExecutionService {
  readonly #owner = `${hostname()} ${process.pid} ${newId('cor')}`;

  constructor(
    private readonly journal: JournalService,
    private readonly blueprints: BlueprintsService,
    private readonly tools: ToolsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Works on the run while it can; a failure of the database is thrown, everything else ends or releases the run. */
  async execute(ref: RunRef, drain: AbortSignal): Promise<void> {
    const run = await this.journal.take(ref, this.#owner);
    if (run === undefined) return;
    const hold = holdRun({
      heartbeatMs: leaseTimes.heartbeatMs,
      timeLeftMs: run.timeLeftMs,
      drainMs,
      drain,
      renew: () => this.journal.renew(run),
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
    try {
      await this.#work(run, hold);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      await this.#stop(run, error.reason);
    } finally {
      forget();
      hold.close();
    }
  }

  async #work(run: HeldRun, hold: Hold): Promise<void> {
    const begun = this.#begin(run, hold);
    if ('end' in begun) return void (await this.journal.finish(run, begun.end));
    const { work } = begun;
    let { state, next } = begun;
    for (let step = run.stepsCount; 'action' in next; step += 1) {
      const stopped = hold.stopped();
      if (stopped !== undefined) throw new Stopped(stopped);
      const { action } = next;
      const done = await inSpan(`step ${action.action}`, spanOf(run, step), () => this.#step(work, step, state, action));
      const held = await this.journal.append(run, done.step, 'end' in done.next ? done.next.end : undefined);
      if (!held) throw new Stopped('lost');
      if ('end' in done.next) return;
      ({ state, next } = done);
    }
    await this.journal.finish(run, next.end);
  }

  /** Where the run stands and what it does next; the end when the blueprint cannot go on with it. */
  #begin(run: HeldRun, hold: Hold): { work: Work; state: JsonObject; next: Next } | { end: RunEnd } {
    try {
      const blueprint = this.blueprints.pinned(run.blueprint, run.blueprintVersion);
      const config = run.config as unknown as RunConfig;
      const state = run.state === undefined ? blueprint.start(run.input as JsonObject, config) : blueprint.parseState(run.state);
      const work = { run, blueprint, config, hold };
      return { work, state, next: this.#plan(work, state, run.stepsCount) };
    } catch (error) {
      return { end: this.#failed(run, error) };
    }
  }

  #plan({ blueprint, config, run }: Work, state: JsonObject, stepsDone: number): Next {
    try {
      const next = decide(blueprint.plan(state, config), stepsDone, config.maxIterations);
      if (next.kind === 'step') return { action: next.action };
      if (next.kind === 'failed') return { end: failure(next.code, next.detail) };
      return { end: { status: 'completed', output: next.output, outcome: next.outcome } };
    } catch (error) {
      return { end: this.#failed(run, error) };
    }
  }

  /** Carries out one step, again after a while when it failed for a reason that passes. Throws Stopped. */
  async #step(work: Work, step: number, state: JsonObject, action: Action): Promise<Done> {
    const { run, hold } = work;
    const startedAt = performance.now();
    let spent = noUsage('');
    for (let attempt = 1; ; attempt += 1) {
      const toolbox = this.#open(work, step);
      const finish = (outcome: FinishedStep['outcome'], result: JsonObject, after: JsonObject): FinishedStep => ({
        step,
        action: action.action,
        outcome,
        result,
        tools: [...toolbox.calls],
        before: state,
        after,
        usage: toUsage(addUsage(spent, toolbox.usage())),
        durationMs: Math.round(performance.now() - startedAt),
      });
      try {
        const done = await untilStopped(work.blueprint.executeStep(state, action, toolbox.context), hold.signal);
        if (done.interrupt !== undefined) {
          const end = failure('needs_person', `${done.interrupt.title}: no person can be asked.`);
          return { step: finish('interrupted', done.result, done.state), state: done.state, next: { end } };
        }
        return {
          step: finish('success', done.result, done.state),
          state: done.state,
          next: this.#plan(work, done.state, step + 1),
        };
      } catch (error) {
        hold.signal.throwIfAborted();
        const end = this.#failed(run, error);
        const delay = retryDelay(end.error.code, attempt);
        if (delay === undefined) return { step: finish('failure', { error: end.error }, state), state, next: { end } };
        spent = addUsage(spent, toolbox.usage());
        await untilStopped(sleep(delay), hold.signal);
      }
    }
  }

  #open({ run, blueprint, config, hold }: Work, step: number): Toolbox {
    const { caller, agentId, ref } = run;
    return this.tools.open({ blueprint, config, caller, agentId, runId: ref.runId, step, signal: hold.signal });
  }

  /** The named failure an error stands for; an unexpected one is logged and shows only where to find it. */
  #failed(run: HeldRun, error: unknown): RunEnd & { status: 'failed' } {
    if ((isRunFailure(error) || isDomainError(error)) && error.code !== 'internal') return failure(error.code, error.detail);
    const { correlationId } = run.caller;
    this.log.error({ error, correlationId, ...run.ref }, 'a run failed unexpectedly');
    return failure('internal', `Something went wrong on our side; it is logged under ${correlationId}.`);
  }

  async #stop(run: HeldRun, reason: StopReason): Promise<void> {
    if (reason === 'lost') return;
    if (reason === 'drain') return this.journal.release(run);
    const detail = 'The run was not finished within its time limit.';
    await this.journal.finish(run, { status: 'timed_out', error: { code: 'timed_out', detail } });
  }
}

function failure(code: string, detail: string): RunEnd & { status: 'failed' } {
  return { status: 'failed', error: { code, detail } };
}

function toUsage(usage: { inputTokens: number; outputTokens: number; costMicroUsd: number; model: string }): RunUsage {
  return { ...usage, model: usage.model === '' ? null : usage.model };
}

function spanOf({ ref, agentId }: HeldRun, step: number) {
  return {
    kind: SpanKind.INTERNAL,
    parent: context.active(),
    attributes: { 'support101.run': ref.runId, 'support101.agent': agentId, 'support101.step': step },
  };
}
