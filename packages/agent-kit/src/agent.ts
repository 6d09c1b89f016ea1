import type { z } from 'zod';
import { RunFailure, type FailureCode } from './failure.js';
import type { Decision, EscalationSignals, FinishOutcome, Interrupt } from './human.js';
import type { JsonObject } from './json.js';
import type { Task } from './task.js';
import type { Tool } from './tool.js';

/** The next step: a name the agent knows and its input, as the journal will show them. */
export interface Action {
  readonly action: string;
  readonly input: JsonObject;
}

/** What an agent wants to happen next: a step, the end, or the admission that it cannot. */
export type Plan<Output> =
  | Action
  | { readonly finish: Output; readonly outcome: FinishOutcome }
  | { readonly fail: FailureCode; readonly detail: string };

/** What one executed step gives: its result for the journal, and the next state. */
export interface StepResult<State = JsonObject> {
  readonly result: JsonObject;
  readonly state: State;
  /** The run waits for a person; their decision reaches `resume` together with this step's state. */
  readonly interrupt?: z.input<typeof Interrupt> | undefined;
  /** What the step noticed; the runtime evaluates the tenant's escalation rules on it. */
  readonly signals?: EscalationSignals | undefined;
}

/** What a step may use. Everything else (clock, network, environment) is out of reach on purpose. */
export interface StepContext<Config = unknown> {
  readonly config: Config;
  /** Aborts on cancel, suspension and the run's deadline. */
  readonly signal: AbortSignal;
  readonly tools: {
    /** Calls one of the blueprint's tools. Rejects with a RunFailure (`tool_…`). */
    call<In extends z.ZodType, Out extends z.ZodType>(tool: Tool<In, Out>, input: z.input<In>): Promise<z.output<Out>>;
  };
  readonly tasks: {
    /** Asks the model. Its usage is counted for the run. */
    run<Input, Output>(task: Task<Input, Output>, input: Input): Promise<Output>;
  };
  now(): Date;
}

/**
 * The behaviour of a blueprint. An agent holds nothing between calls: all it knows is in `State`, plain JSON that the
 * runtime keeps. Any worker can take over after any step.
 */
export abstract class BaseAgent<Input, Output, State, Config> {
  /** The state before the first step. */
  abstract start(input: Input, config: Config): State;

  /** Decides what comes next from the state alone: no clock, no randomness, no effects. */
  abstract plan(state: State, config: Config): Plan<Output>;

  /** Carries out one planned step. A finished step is never repeated; an interrupted one may be. */
  abstract executeStep(state: State, action: Action, context: StepContext<Config>): Promise<StepResult<State>>;

  /**
   * What to show a person whom the tenant's escalation rules want asked at this point; their decision reaches `resume`.
   * Undefined: the runtime asks in general terms whether to go on.
   */
  escalate(_state: State, _config: Config): z.input<typeof Interrupt> | undefined {
    return undefined;
  }

  /** The state after a person decided about the interrupt that the last step returned. */
  resume(_state: State, decision: Decision, _config: Config): State {
    throw new RunFailure('decision_not_expected', `The agent does not take the decision "${decision.decision}".`);
  }
}
