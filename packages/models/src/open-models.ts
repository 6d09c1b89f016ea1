import type { TaskRunner } from '@support101/agent-kit';
import type { Embedder } from './embedder.js';
import { localEmbedder } from './local-embedder.js';
import { localModelName, localTaskRunner } from './local-tasks.js';
import type { ModelOptions } from './openai-models.js';

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

/** Opens the models: OpenAI's when a key is given, else local ones. Loads no model yet and asks nobody. */
export async function openModels(options: ModelOptions = {}): Promise<Models> {
  const local = localEmbedder();
  const close = () => local.close();
  if (options.openAiApiKey === undefined || options.openAiApiKey === '') {
    const description = { chat: `${localModelName} (offline, extractive)`, embeddings: `${local.name} (offline)` };
    return { tasks: localTaskRunner(), embedder: local, description, chatModel: localModelName, close };
  }
  // Its client takes a third of a second to load, which an offline start need not wait for.
  const { openAiModels } = await import('./openai-models.js');
  const { tasks, embedder, chatModel, priced } = openAiModels({ ...options, openAiApiKey: options.openAiApiKey });
  const embeddings = options.embeddingModel === 'local' ? local : embedder;
  const chat = priced ? chatModel : `${chatModel} (no price known, cost counts as 0)`;
  return { tasks, embedder: embeddings, chatModel, description: { chat, embeddings: embeddings.name }, close };
}
