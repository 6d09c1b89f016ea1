import { DomainError, toIssues, type Issue } from '@support101/contracts';
import { addUsage, type Task, type TaskRunner, type Usage } from '@support101/agent-kit';
import type OpenAI from 'openai';
import type { OpenAiClient } from './openai-client.js';
import { takesTemperature } from './openai-errors.js';
import { costMicroUsd, priceOf, type Price } from './prices.js';
import { promptOf, repairOf, type Message } from './prompt.js';

interface Said {
  readonly content: string;
  readonly usage: Usage;
}

type Asked = Pick<Task, 'name' | 'temperature' | 'outputSchema'>;

type Checked<Output> = { readonly output: Output } | { readonly issues: readonly Issue[] };

/** Runs tasks on an OpenAI-compatible chat model: structured output by the task's schema, checked, repaired once. */
export function openAiTaskRunner(client: OpenAiClient, model: string, prices: Readonly<Record<string, Price>>): TaskRunner {
  const ask = async (task: Asked, messages: readonly Message[], signal: AbortSignal): Promise<Said> => {
    const completion = await client.call(
      (api, options) => api.chat.completions.create(bodyOf(model, task, messages), options),
      signal,
    );
    return { content: contentOf(completion, task.name), usage: usageOf(completion, model, prices) };
  };
  return {
    run: async (task, input, { signal }) => {
      const prompt = promptOf(task, task.input.parse(input));
      const first = await ask(task, prompt, signal);
      const answer = check(task.output, first.content);
      if ('output' in answer) return { output: answer.output, usage: first.usage };
      const second = await ask(task, repairOf(prompt, first.content, answer.issues), signal);
      const repaired = check(task.output, second.content);
      if ('issues' in repaired) throw invalid(task.name, 'does not fit its schema, also after a repair', repaired.issues);
      return { output: repaired.output, usage: addUsage(first.usage, second.usage) };
    },
  };
}

function bodyOf(model: string, task: Asked, messages: readonly Message[]) {
  return {
    model,
    messages: [...messages],
    response_format: {
      type: 'json_schema' as const,
      json_schema: { name: task.name, strict: true, schema: { ...task.outputSchema } },
    },
    ...(takesTemperature(model) ? { temperature: task.temperature } : {}),
  };
}

function contentOf(completion: OpenAI.ChatCompletion, task: string): string {
  const choice = completion.choices[0];
  if (choice?.message.refusal) throw invalid(task, 'was refused by the model');
  if (choice?.finish_reason === 'content_filter') throw invalid(task, 'was withheld by the provider’s filter');
  if (choice?.finish_reason === 'length') throw invalid(task, 'is longer than the model can say');
  return choice?.message.content ?? '';
}

function check<Output>(schema: Task<unknown, Output>['output'], content: string): Checked<Output> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return { issues: [{ path: '', message: 'is not JSON' }] };
  }
  const result = schema.safeParse(value);
  return result.success ? { output: result.data } : { issues: toIssues(result.error) };
}

function usageOf(completion: OpenAI.ChatCompletion, asked: string, prices: Readonly<Record<string, Price>>): Usage {
  const { usage } = completion;
  const tokens = {
    input: usage?.prompt_tokens ?? 0,
    cachedInput: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    output: usage?.completion_tokens ?? 0,
  };
  const price = priceOf(completion.model, prices) ?? priceOf(asked, prices);
  return {
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    costMicroUsd: costMicroUsd(price, tokens),
    model: completion.model,
  };
}

function invalid(task: string, why: string, issues: readonly Issue[] = []): DomainError {
  return new DomainError('model_output_invalid', `The model's answer to ${task} ${why}.`, { facts: { issues } });
}
