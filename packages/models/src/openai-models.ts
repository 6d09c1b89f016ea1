import type { TaskRunner } from '@support101/agent-kit';
import type { Embedder } from './embedder.js';
import { callLimits, OpenAiClient, type CallLimits } from './openai-client.js';
import { openAiEmbedder } from './openai-embedder.js';
import { openAiTaskRunner } from './openai-tasks.js';
import { listPrices, priceOf, type Price } from './prices.js';

/** What decides which models are used. Without a key everything is local. */
export interface ModelOptions {
  readonly openAiApiKey?: string | undefined;
  /** Any server that speaks OpenAI's chat completions. */
  readonly openAiBaseUrl?: string | undefined;
  readonly chatModel?: string | undefined;
  /** `local` keeps embeddings on this machine although a key is set, for servers that have none. */
  readonly embeddingModel?: string | undefined;
  /** Over the list prices, by model. */
  readonly prices?: Readonly<Record<string, Price>>;
  readonly limits?: Partial<CallLimits>;
}

/** OpenAI's models, or those of a server that speaks like it. Chat and embeddings fail, and rest, separately. */
export function openAiModels(options: ModelOptions & { readonly openAiApiKey: string }): {
  tasks: TaskRunner;
  embedder: Embedder;
  chatModel: string;
  /** Whether the chat model's price is known. */
  priced: boolean;
} {
  const { openAiApiKey: apiKey, openAiBaseUrl: baseUrl, chatModel = 'gpt-4.1-mini' } = options;
  const limits = { ...callLimits, ...options.limits };
  const prices = { ...listPrices, ...options.prices };
  const client = () => new OpenAiClient({ apiKey, baseUrl, limits, random: Math.random });
  return {
    tasks: openAiTaskRunner(client(), chatModel, prices),
    embedder: openAiEmbedder(client(), options.embeddingModel ?? 'text-embedding-3-small'),
    chatModel,
    priced: priceOf(chatModel, prices) !== undefined,
  };
}
