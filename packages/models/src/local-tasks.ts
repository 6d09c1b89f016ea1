import { DomainError } from '@support101/contracts';
import type { TaskRunner } from '@support101/agent-kit';

/** The name under which the local model answers. It is no language model and does not pose as one. */
export const localModelName = 'local/extractive-1';

/**
 * Runs each task's own `offline` function: deterministic, free, without network. Tokens are estimated at four characters
 * each (rounded up) of the JSON that went in and out; the cost is 0.
 */
export function localTaskRunner(): TaskRunner {
  return {
    run: async (task, input, { signal }) => {
      signal.throwIfAborted();
      const data = task.input.parse(input);
      const said = await task.offline(data);
      signal.throwIfAborted();
      const output = task.output.safeParse(said);
      if (!output.success) {
        throw new DomainError('model_output_invalid', `The offline answer to ${task.name} does not fit its schema.`, {
          cause: output.error,
        });
      }
      const usage = {
        inputTokens: estimateTokens(task.instructions) + estimateTokens(JSON.stringify(data)),
        outputTokens: estimateTokens(JSON.stringify(output.data)),
        costMicroUsd: 0,
        model: localModelName,
      };
      return { output: output.data, usage };
    },
  };
}

/** About how many tokens a text has: four characters each, rounded up. */
export function estimateTokens(text: string | undefined): number {
  return Math.ceil((text?.length ?? 0) / 4);
}
