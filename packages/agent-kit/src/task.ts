import type { z } from 'zod';

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
  readonly temperature: number;
  /** The deterministic implementation that the local model runs. */
  offline(input: Input): Output | Promise<Output>;
}

/** Declares a task. Its output schema must be expressible as JSON Schema: plain objects, no transforms. */
export function defineTask<Input, Output>(definition: {
  name: string;
  instructions: string;
  input: z.ZodType<Input>;
  output: z.ZodType<Output>;
  temperature?: number;
  offline(input: Input): Output | Promise<Output>;
}): Task<Input, Output> {
  return Object.freeze({ temperature: 0.1, ...definition });
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
