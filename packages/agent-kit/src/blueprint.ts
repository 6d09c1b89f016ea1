import { parseOrThrow } from '@support101/contracts';
import { z } from 'zod';
import type { Action, BaseAgent, Plan, StepContext, StepResult } from './agent.js';
import { RunFailure, type KnownFailure } from './failure.js';
import { Decision, EscalationSignals, Interrupt } from './human.js';
import { toPlainObject, type JsonObject } from './json.js';
import type { Tool } from './tool.js';

/** The part of every blueprint's configuration that the runtime reads. */
export interface RunConfig {
  /** The most steps a run may take. */
  readonly maxIterations: number;
  /** The most time a run may work, waiting for a person not counted. */
  readonly timeoutSeconds: number;
  /** Names of the tools the agent may call; absent means all of the blueprint's. Enforced at each call. */
  readonly allowedTools?: readonly string[] | undefined;
}

/**
 * A strict configuration schema: the runtime's limits with bounds and the given defaults, and the blueprint's own fields.
 * `fewestIterations` is what the shortest useful run takes.
 */
export function configSchema<Shape extends z.ZodRawShape>(
  defaults: { maxIterations: number; timeoutSeconds: number; fewestIterations?: number },
  shape: Shape,
) {
  return z.strictObject({
    maxIterations: z
      .int()
      .min(defaults.fewestIterations ?? 1)
      .max(100)
      .default(defaults.maxIterations),
    timeoutSeconds: z.int().min(1).max(3600).default(defaults.timeoutSeconds),
    allowedTools: z.array(z.string().max(64)).max(100).optional(),
    ...shape,
  });
}

/** A plan as the runtime sees it. */
export type CheckedPlan = Plan<JsonObject>;

/** A step's result as the runtime sees it: plain JSON, checked by the blueprint's schemas. */
export interface CheckedStep {
  readonly result: JsonObject;
  readonly state: JsonObject;
  readonly interrupt?: Interrupt;
  readonly signals?: EscalationSignals;
}

/**
 * A kind of agent. The methods take and give plain JSON and check it: a wrong input or configuration is a DomainError
 * (`run_input_invalid`, `blueprint_config_invalid`), a wrong state or output is the agent's fault, a RunFailure.
 */
export interface Blueprint<In extends z.ZodType = z.ZodType, Out extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly inputSchema: In;
  readonly outputSchema: Out;
  readonly configSchema: z.ZodType<RunConfig>;
  readonly stateSchema: z.ZodType;
  /** The configuration of an agent that overrides nothing. */
  readonly defaultConfig: RunConfig & JsonObject;
  readonly tools: readonly Tool[];
  /** The full configuration: the given fields over the defaults. */
  parseConfig(overrides: unknown): RunConfig & JsonObject;
  parseInput(input: unknown): JsonObject;
  /** Checks a state that comes from outside the process; call it once when a run is loaded. */
  parseState(state: unknown): JsonObject;
  start(input: JsonObject, config: RunConfig): JsonObject;
  plan(state: JsonObject, config: RunConfig): CheckedPlan;
  executeStep(state: JsonObject, action: Action, context: StepContext): Promise<CheckedStep>;
  /** What a person is shown whom an escalation rule wants asked; undefined when the agent has nothing particular to show. */
  escalate(state: JsonObject, config: RunConfig): Interrupt | undefined;
  resume(state: JsonObject, decision: Decision, config: RunConfig): JsonObject;
}

/** Declares a blueprint. `agent` is made once: agents have no state of their own. */
export function defineBlueprint<
  In extends z.ZodType,
  Out extends z.ZodType,
  State extends z.ZodType,
  Config extends z.ZodType<RunConfig>,
>(definition: {
  name: string;
  version: string;
  description: string;
  inputSchema: In;
  outputSchema: Out;
  stateSchema: State;
  configSchema: Config;
  tools: readonly Tool[];
  agent: new () => BaseAgent<z.output<In>, z.input<Out>, z.output<State>, z.output<Config>>;
}): Blueprint<In, Out> {
  const { agent: Agent, ...described } = definition;
  refuseDuplicates(definition.name, definition.tools);
  const agent = Object.freeze(new Agent());
  const parseConfig = (overrides: unknown) =>
    toPlainObject(parseOrThrow(definition.configSchema, overrides, 'blueprint_config_invalid')) as RunConfig & JsonObject;
  const state = (value: unknown) => checked(definition.stateSchema, value, 'state_invalid');
  return Object.freeze<Blueprint<In, Out>>({
    ...described,
    defaultConfig: parseConfig({}),
    parseConfig,
    parseInput: (input) => toPlainObject(parseOrThrow(definition.inputSchema, input, 'run_input_invalid')),
    parseState: state,
    start: (input, config) => state(agent.start(input as z.output<In>, config as z.output<Config>)),
    plan: (current, config) => {
      const plan = agent.plan(current as z.output<State>, config as z.output<Config>);
      return 'finish' in plan ? { ...plan, finish: checked(definition.outputSchema, plan.finish, 'output_invalid') } : plan;
    },
    executeStep: async (current, action, context) => {
      const step = await agent.executeStep(current as z.output<State>, action, context as StepContext<z.output<Config>>);
      return checkStep(step, state);
    },
    escalate: (current, config) => {
      const interrupt = agent.escalate(current as z.output<State>, config as z.output<Config>);
      return interrupt === undefined ? undefined : checkedWith(Interrupt, interrupt, 'state_invalid');
    },
    resume: (current, decision, config) =>
      state(agent.resume(current as z.output<State>, Decision.parse(decision), config as z.output<Config>)),
  });
}

/** A blueprint as the API shows it; the schemas are JSON Schema 2020-12. */
export function describeBlueprint(blueprint: Blueprint) {
  return {
    name: blueprint.name,
    version: blueprint.version,
    description: blueprint.description,
    inputSchema: jsonSchema(blueprint.inputSchema, 'input'),
    outputSchema: jsonSchema(blueprint.outputSchema, 'output'),
    configSchema: jsonSchema(blueprint.configSchema, 'input'),
    defaultConfig: blueprint.defaultConfig,
    tools: blueprint.tools.map(({ name, description, version, effect, requiresApproval }) => ({
      name,
      description,
      version,
      effect,
      requiresApproval,
    })),
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  return toPlainObject(JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io }))));
}

function checkStep(step: StepResult<unknown>, state: (value: unknown) => JsonObject): CheckedStep {
  return {
    result: plain(step.result, 'state_invalid'),
    state: state(step.state),
    ...(step.interrupt === undefined ? {} : { interrupt: checkedWith(Interrupt, step.interrupt, 'state_invalid') }),
    ...(step.signals === undefined ? {} : { signals: checkedWith(EscalationSignals, step.signals, 'state_invalid') }),
  };
}

function checked(schema: z.ZodType, value: unknown, code: KnownFailure): JsonObject {
  return plain(checkedWith(schema, value, code), code);
}

function checkedWith<S extends z.ZodType>(schema: S, value: unknown, code: KnownFailure): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new RunFailure(code, undefined, { cause: result.error });
}

function plain(value: unknown, code: KnownFailure): JsonObject {
  try {
    return toPlainObject(value);
  } catch (cause) {
    throw new RunFailure(code, undefined, { cause });
  }
}

function refuseDuplicates(blueprint: string, tools: readonly Tool[]): void {
  const names = new Set(tools.map((tool) => tool.name));
  if (names.size !== tools.length) throw new TypeError(`${blueprint} has two tools of one name`);
}
