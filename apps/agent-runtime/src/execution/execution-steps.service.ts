import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  addUsage,
  isRunFailure,
  noUsage,
  RunFailure,
  undecidedFailure,
  type Action,
  type Blueprint,
  type CheckedStep,
  type Decision,
  type JsonObject,
  type RunConfig,
  type Usage,
} from '@support101/agent-kit';
import { isDomainError } from '@support101/contracts';
import type { RunUsage } from '@support101/contracts/agent-runtime';
import { jsonBytes, LOG, type Log } from '@support101/service-kit';
import { EscalationsService } from '../escalations/escalations.service.js';
import type { FinishedStep, HeldRun, RunEnd, Turn } from '../journal/journal.service.js';
import { untilStopped, type Hold } from '../platform/hold.js';
import { stepsOfOthers } from '../platform/decisions.js';
import { ruleQuestion, type Asked, type Question } from '../platform/questions.js';
import { mostBytes } from '../platform/run-size.js';
import { ToolsService, type Toolbox } from '../tools/tools.service.js';
import { decide, goesToAgent, isOutage, refusal, retryDelay } from './execution.rules.js';

/** One run in the hands of this worker. */
export interface Work {
  readonly run: HeldRun;
  readonly blueprint: Blueprint;
  readonly config: RunConfig;
  readonly hold: Hold;
  /** Resolves when all steps so far are in the journal; throws when they cannot be, or the run was stopped meanwhile. */
  mayLeave(): Promise<void>;
  /** What people decided, the decision that this worker applies included. */
  readonly asked: readonly Asked[];
}

/** What a run does next: a step, applying a decision, or its end. */
export type Next = { readonly action: Action } | { readonly resume: Asked } | { readonly end: RunEnd };

/** A step that was carried out, well or not. Nothing is next when the run has ended or waits. */
export interface Done {
  readonly step: FinishedStep;
  readonly state: JsonObject;
  readonly turn: Turn;
  readonly next: Next | undefined;
}

type Finish = (outcome: FinishedStep['outcome'], result: JsonObject, after: JsonObject) => FinishedStep;

/** Single steps of runs: what is next, carrying it out, and what becomes of it. */
@Injectable()
export class ExecutionStepsService {
  constructor(
    private readonly tools: ToolsService,
    private readonly escalations: EscalationsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** What the agent wants next after the given number of steps. */
  plan({ blueprint, config, run, asked }: Work, state: JsonObject, stepsDone: number): Next {
    try {
      const next = decide(blueprint.plan(state, config), stepsDone - stepsOfOthers(asked), config.maxIterations);
      if (next.kind === 'step') return { action: next.action };
      if (next.kind === 'failed') return { end: failure(next.code, next.detail) };
      if (jsonBytes(next.output) > mostBytes.output) throw new RunFailure('output_too_large');
      return { end: { status: 'completed', output: next.output, outcome: next.outcome } };
    } catch (error) {
      return { end: this.failed(run, error) };
    }
  }

  /** Carries out one step, again after a while when it failed for a reason that passes. Throws Stopped. */
  async take(work: Work, step: number, state: JsonObject, action: Action): Promise<Done> {
    const { run, hold } = work;
    const startedAt = performance.now();
    let spent = noUsage('');
    for (let attempt = 1; ; attempt += 1) {
      const triedAt = performance.now();
      const toolbox = this.#open(work, step);
      const finish: Finish = (outcome, result, after) => ({
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
        return unanswered(toolbox, finish, state) ?? (await this.#taken(work, step, action, done, finish));
      } catch (error) {
        hold.signal.throwIfAborted();
        const waits = unanswered(toolbox, finish, state);
        if (waits !== undefined) return waits;
        const end = this.failed(run, error);
        const delay = retryDelay(end.error.code, attempt);
        if (delay === undefined) return last(finish('failure', { error: end.error }, state), state, { end });
        spent = addUsage(spent, toolbox.usage());
        if (isOutage(end.error.code)) hold.postpone(performance.now() - triedAt + delay);
        await untilStopped(sleep(delay), hold.signal);
      }
    }
  }

  /** Applies a decision: a step of its own, so that it is applied once, whichever worker does it. */
  resume(work: Work, step: number, state: JsonObject, { requestId, subject, decision }: Asked): Done {
    const finish: Finish = (outcome, rest, after) => ({
      step,
      action: 'resume',
      outcome,
      result: { requestId, decision: decision.decision, decidedBy: decision.decidedBy ?? null, ...rest },
      tools: [],
      before: state,
      after,
      usage: noSpending,
      durationMs: 0,
    });
    try {
      const code = undecidedFailure(decision.decision) ?? refusal(subject.kind, decision.decision);
      if (code !== undefined) throw new RunFailure(code);
      const { blueprint, config } = work;
      const after = goesToAgent(subject.kind) ? blueprint.resume(state, decision as Decision, config) : state;
      const next = this.plan(work, after, step + 1);
      const finished = finish('success', {}, after);
      if ('end' in next) return last(finished, after, { applied: requestId, end: next.end });
      return { step: finished, state: after, turn: { applied: requestId }, next };
    } catch (error) {
      const end = this.failed(work.run, error);
      return last(finish('failure', { error: end.error }, state), state, { applied: requestId, end });
    }
  }

  /** The named failure an error stands for; an unexpected one is logged and shows only where to find it. */
  failed(run: HeldRun, error: unknown): RunEnd & { status: 'failed' } {
    if ((isRunFailure(error) || isDomainError(error)) && error.code !== 'internal') return failure(error.code, error.detail);
    const { correlationId } = run.caller;
    this.log.error({ error, correlationId, ...run.ref }, 'a run failed unexpectedly');
    return failure('internal', `Something went wrong on our side; it is logged under ${correlationId}.`);
  }

  /** What becomes of a step that succeeded: the agent or an escalation rule wants a person, or the run goes on. */
  async #taken(work: Work, step: number, action: Action, done: CheckedStep, finish: Finish): Promise<Done> {
    const wait = await this.#question(work, action, done);
    if (wait !== undefined) return last(finish('interrupted', done.result, done.state), done.state, { wait });
    const next = this.plan(work, done.state, step + 1);
    const finished = finish('success', done.result, done.state);
    if ('end' in next) return last(finished, done.state, { end: next.end });
    return { step: finished, state: done.state, turn: {}, next };
  }

  async #question(work: Work, action: Action, done: CheckedStep): Promise<Question | undefined> {
    const { blueprint, config } = work;
    const { interrupt, signals, state } = done;
    const rule = signals === undefined ? undefined : await this.#fired(work, signals);
    if (interrupt !== undefined) {
      const toolVersion = blueprint.tools.find((tool) => tool.name === interrupt.action?.tool)?.version;
      if (interrupt.action !== undefined && toolVersion === undefined) throw new RunFailure('tool_unknown');
      return { interrupt, subject: { kind: 'agent' }, toolVersion, rule };
    }
    if (rule === undefined) return undefined;
    const shown = blueprint.escalate(state, config);
    if (shown === undefined) return ruleQuestion(rule, action.action, signals ?? {});
    return { interrupt: { ...shown, type: 'escalation' }, subject: { kind: 'agent' }, rule };
  }

  /** The escalation rule that fires; the rules are another service's. */
  async #fired({ run, asked, mayLeave }: Work, signals: NonNullable<CheckedStep['signals']>) {
    await mayLeave();
    const before = asked.map((request) => request.rule);
    return this.escalations.match(signals, before, run.caller);
  }

  #open({ run, blueprint, config, hold, mayLeave, asked }: Work, step: number): Toolbox {
    const { caller, agentId, ref, fence } = run;
    const { signal } = hold;
    return this.tools.open({ blueprint, config, caller, agentId, runId: ref.runId, step, fence, asked, signal, mayLeave });
  }
}

/** Of a step that asked no model. */
const noSpending: RunUsage = { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, model: null };

function toUsage(usage: Usage): RunUsage {
  return { ...usage, model: usage.model === '' ? null : usage.model };
}

function failure(code: string, detail: string): RunEnd & { status: 'failed' } {
  return { status: 'failed', error: { code, detail } };
}

/** The run waits when a call in the step needs a person first; the step is carried out anew afterwards, from the same state. */
function unanswered(toolbox: Toolbox, finish: Finish, state: JsonObject): Done | undefined {
  const wait = toolbox.question();
  if (wait === undefined) return undefined;
  return last(finish('interrupted', { asked: wait.interrupt.title }, state), state, { wait });
}

function last(step: FinishedStep, state: JsonObject, turn: Turn): Done {
  return { step, state, turn, next: undefined };
}
