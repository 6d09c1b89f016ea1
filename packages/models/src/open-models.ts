import type { TaskRunner } from '@support101/agent-kit';
import type { Embedder } from './embedder.js';
import { localEmbedder } from './local-embedder.js';
import { localModelName, localTaskRunner } from './local-tasks.js';
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

/** The models of a process. */
export interface Models {
  readonly tasks: TaskRunner;
  readonly embedder: Embedder;
  /** For people: which models these are. */
  readonly description: { readonly chat: string; readonly embeddings: string };
  /** Name of the chat model, `local/…` for the local one. */
  readonly chatModel: string;
  close(): Promise<void>;
}

/** Opens the models: OpenAI's when a key is given, else local ones. Loads nothing yet and asks nobody. */
export async function openModels(options: ModelOptions = {}): Promise<Models> {
  const { openAiApiKey: apiKey } = options;
  const limits = { ...callLimits, ...options.limits };
  const local = localEmbedder();
  const close = () => local.close();
  if (apiKey === undefined || apiKey === '') {
    const description = { chat: `${localModelName} (offline, extractive)`, embeddings: `${local.name} (offline)` };
    return { tasks: localTaskRunner(), embedder: local, description, chatModel: localModelName, close };
  }
  const client = () =>
    new OpenAiClient({
      apiKey,
      limits,
      random: Math.random,
      ...(options.openAiBaseUrl === undefined ? {} : { baseUrl: options.openAiBaseUrl }),
    });
  const chatModel = options.chatModel ?? 'gpt-4.1-mini';
  const prices = { ...listPrices, ...options.prices };
  const embeddingModel = options.embeddingModel ?? 'text-embedding-3-small';
  const embedder = embeddingModel === 'local' ? local : openAiEmbedder(client(), embeddingModel);
  const price = priceOf(chatModel, prices) === undefined ? ' (no price known, cost counts as 0)' : '';
  return {
    tasks: openAiTaskRunner(client(), chatModel, prices),
    embedder,
    description: { chat: `${chatModel}${price}`, embeddings: embedder.name },
    chatModel,
    close,
  };
}
