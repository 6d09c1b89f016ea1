import type { z } from 'zod';
import type { Action } from './agent.js';
import type { Blueprint, CheckedStep, RunConfig } from './blueprint.js';
import { RunFailure, toRunFailure } from './failure.js';
import { outcomeOfFailure, undecidedFailure, type Decision, type Interrupt, type Outcome } from './human.js';
import { toPlainObject, type JsonObject } from './json.js';
import { stepContext, type ToolCall } from './step-context.js';
import { addUsage, noUsage, type Task, type TaskRunner, type Usage } from './task.js';
import type { KnowledgeHit } from './tool.js';

type ScriptedHit = z.input<typeof KnowledgeHit>;

/** How a scripted run shall go. What is left out is empty, offline, or refused. */
export interface Script {
  readonly input: unknown;
  /** Over the blueprint's defaults. */
  readonly config?: JsonObject;
  /** What every search finds, or a function of the query. */
  readonly knowledge?: readonly ScriptedHit[] | ((query: string, topK: number) => readonly ScriptedHit[]);
  /** By task name: an output, a function of the input, or an error to throw. Tasks not named run offline. */
  readonly tasks?: Readonly<Record<string, unknown>>;
  /** Decides interrupts; without it, the run stays `awaiting_human`. */
  readonly decide?: (interrupt: Interrupt) => Omit<Decision, 'requestId'>;
  /** Stands around tool calls, as the runtime's ledger and approvals do. */
  readonly aroundTool?: (call: ToolCall) => Promise<unknown>;
  readonly now?: Date;
  readonly signal?: AbortSignal;
}

/** One step of a scripted run, as a journal would keep it. */
export interface ScriptedStep extends CheckedStep {
  readonly action: string;
  readonly input: JsonObject;
  readonly tools: readonly { readonly tool: string; readonly input: unknown }[];
}

/** How a scripted run went. */
export interface ScriptedRun<Output> {
  readonly status: 'completed' | 'failed' | 'awaiting_human';
  readonly outcome: Outcome | undefined;
  readonly output: Output | undefined;
  readonly error: { readonly code: string; readonly detail: string; readonly cause?: unknown } | undefined;
  readonly steps: readonly ScriptedStep[];
  readonly state: JsonObject;
  readonly usage: Usage;
  /** The interrupt that waits, or that was decided last. */
  readonly interrupt: Interrupt | undefined;
}

/**
 * Runs a blueprint in memory, for its author's tests: the same checks and limits as the runtime, no database, no network,
 * no model. The state goes through JSON between steps, so an agent that hides something elsewhere fails here.
 */
export async function runBlueprint<In extends z.ZodType, Out extends z.ZodType>(
  blueprint: Blueprint<In, Out>,
  script: Script,
): Promise<ScriptedRun<z.output<Out>>> {
  const config = blueprint.parseConfig(script.config ?? {});
  const run = new HarnessRun(blueprint, script, config, blueprint.start(blueprint.parseInput(script.input), config));
  return (await run.toTheEnd()) as ScriptedRun<z.output<Out>>;
}

class HarnessRun {
  private readonly steps: ScriptedStep[] = [];
  private usage: Usage = noUsage('scripted');
  private interrupt: Interrupt | undefined;
  private readonly tasks: TaskRunner;

  constructor(
    private readonly blueprint: Blueprint,
    private readonly script: Script,
    private readonly config: RunConfig,
    private state: JsonObject,
  ) {
    this.tasks = scriptedTasks(script.tasks ?? {});
  }

  async toTheEnd(): Promise<ScriptedRun<unknown>> {
    try {
      for (;;) {
        const plan = this.blueprint.plan(this.state, this.config);
        if ('finish' in plan) return this.ended('completed', { outcome: plan.outcome, output: plan.finish });
        if ('fail' in plan) throw new RunFailure(plan.fail, plan.detail);
        const step = await this.take(plan);
        this.state = reread(this.blueprint, step.state);
        if (step.interrupt === undefined) continue;
        this.interrupt = step.interrupt;
        if (this.script.decide === undefined) return this.ended('awaiting_human', {});
        this.decide(step.interrupt, this.script.decide);
      }
    } catch (error) {
      const { code, detail, cause } = toRunFailure(error);
      return this.ended('failed', { outcome: outcomeOfFailure(code), error: { code, detail, cause } });
    }
  }

  private async take(action: Action): Promise<CheckedStep> {
    if (this.steps.length >= this.config.maxIterations) throw new RunFailure('step_limit_reached');
    const tools: { tool: string; input: unknown }[] = [];
    const { script } = this;
    const { context, usage } = stepContext({
      blueprint: this.blueprint,
      config: this.config,
      tenantId: 'ten_harness',
      agentId: 'agt_harness',
      runId: 'run_harness',
      step: this.steps.length,
      knowledge: { search: async (query, topK) => hits(script.knowledge ?? [], query, topK) },
      tickets: ({ index }) => ({ create: async () => ({ ticketId: `tkt_harness_${index}` }) }),
      tasks: this.tasks,
      model: this.usage.model,
      signal: script.signal ?? AbortSignal.timeout(this.config.timeoutSeconds * 1000),
      now: () => script.now ?? new Date('2026-01-01T00:00:00.000Z'),
      onToolCall: (call) => tools.push({ tool: call.tool.name, input: call.input }),
      ...(script.aroundTool === undefined ? {} : { aroundTool: script.aroundTool }),
    });
    const step = await this.blueprint.executeStep(this.state, action, context);
    this.usage = addUsage(this.usage, usage());
    this.steps.push({ ...step, action: action.action, input: toPlainObject(action.input), tools });
    return step;
  }

  private decide(interrupt: Interrupt, decide: NonNullable<Script['decide']>): void {
    const decision = decide(interrupt);
    const failure = undecidedFailure(decision.decision);
    if (failure !== undefined) throw new RunFailure(failure);
    if (!interrupt.options.includes(decision.decision)) {
      throw new TypeError(`the script decides "${decision.decision}", offered are ${interrupt.options.join(', ')}`);
    }
    this.state = reread(
      this.blueprint,
      this.blueprint.resume(this.state, { requestId: 'req_harness', ...decision }, this.config),
    );
  }

  private ended(
    status: ScriptedRun<unknown>['status'],
    end: Partial<Pick<ScriptedRun<unknown>, 'outcome' | 'output' | 'error'>>,
  ): ScriptedRun<unknown> {
    const { steps, state, usage, interrupt } = this;
    return { status, outcome: end.outcome, output: end.output, error: end.error, steps, state, usage, interrupt };
  }
}

/** A task runner that gives scripted outputs by task name and runs every other task offline; both are checked. */
export function scriptedTasks(script: Readonly<Record<string, unknown>>): TaskRunner {
  return {
    run: async <Input, Output>(task: Task<Input, Output>, input: Input, options: { signal: AbortSignal }) => {
      options.signal.throwIfAborted();
      const data = task.input.parse(input);
      const scripted = script[task.name];
      if (scripted instanceof Error) throw scripted;
      const said = isFunction(scripted) ? await scripted(data) : (scripted ?? (await task.offline(data)));
      return { output: task.output.parse(said), usage: noUsage('scripted') };
    },
  };
}

function isFunction(value: unknown): value is (input: unknown) => unknown {
  return typeof value === 'function';
}

function hits(knowledge: NonNullable<Script['knowledge']>, query: string, topK: number): readonly ScriptedHit[] {
  return (typeof knowledge === 'function' ? knowledge(query, topK) : knowledge).slice(0, topK);
}

function reread(blueprint: Blueprint, state: JsonObject): JsonObject {
  return blueprint.parseState(JSON.parse(JSON.stringify(state)));
}
