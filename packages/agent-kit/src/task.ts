import { z } from 'zod';
import type { JsonObject } from './json.js';

/** What a model call cost. Money is integer micro-USD; the model name of the local one begins with `local/`. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
  readonly model: string;
}

/** Usage of nothing yet; `model` names the one that would be asked. */
export function noUsage(model: string): Usage {
  return { inputTokens: 0, outputTokens: 0, costMicroUsd: 0, model };
}

/** The sum of two usages; the later one names the model. */
export function addUsage(earlier: Usage, later: Usage): Usage {
  return {
    inputTokens: earlier.inputTokens + later.inputTokens,
    outputTokens: earlier.outputTokens + later.outputTokens,
    costMicroUsd: earlier.costMicroUsd + later.costMicroUsd,
    model: later.model,
  };
}

/** One question to a model: instructions, typed data in, typed data out. */
export interface Task<Input = unknown, Output = unknown> {
  readonly name: string;
  /** What the model shall do. Written by the blueprint's author; never contains user text. */
  readonly instructions: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** The output's JSON Schema in the strict form that models take: closed objects, every property required. */
  readonly outputSchema: JsonObject;
  readonly temperature: number;
  /** The deterministic implementation that the local model runs. */
  offline(input: Input): Output | Promise<Output>;
}

/**
 * Declares a task. Throws when a model could not be held to the output schema: it must be an object without transforms,
 * and what may be missing is `nullable`, not `optional`.
 */
export function defineTask<Input, Output>(definition: {
  name: string;
  instructions: string;
  input: z.ZodType<Input>;
  output: z.ZodType<Output>;
  temperature?: number;
  offline(input: Input): Output | Promise<Output>;
}): Task<Input, Output> {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(definition.name)) throw new TypeError(`a task's name is snake_case: ${definition.name}`);
  return Object.freeze({ temperature: 0.1, outputSchema: strictSchema(definition.name, definition.output), ...definition });
}

// Providers refuse lengths of text in strict schemas; the answer is checked with the zod schema anyway.
function strictSchema(task: string, output: z.ZodType): JsonObject {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(output, {
    target: 'draft-7',
    override: ({ jsonSchema, path }) => {
      delete jsonSchema.minLength;
      delete jsonSchema.maxLength;
      const loose =
        jsonSchema.type === 'object'
          ? Object.keys(jsonSchema.properties ?? {}).find((key) => !jsonSchema.required?.includes(key))
          : undefined;
      if (loose !== undefined)
        throw new TypeError(`${task}: output ${[...path, loose].join('.')} must be nullable, not optional`);
      if (jsonSchema.type === 'object' && jsonSchema.additionalProperties !== false)
        throw new TypeError(`${task}: output ${path.join('.')} must be a closed object`);
    },
  });
  if (schema.type !== 'object') throw new TypeError(`${task}: the output must be an object`);
  return JSON.parse(JSON.stringify(schema)) as JsonObject;
}

/** A task's validated output and what it cost. */
export interface TaskAnswer<Output> {
  readonly output: Output;
  readonly usage: Usage;
}

/**
 * Runs tasks on a model. Rejects with a DomainError `model_unavailable` or `model_output_invalid`;
 * an abort rejects with the signal's reason.
 */
export interface TaskRunner {
  run<Input, Output>(task: Task<Input, Output>, input: Input, options: { signal: AbortSignal }): Promise<TaskAnswer<Output>>;
}
