import { z } from 'zod';
import { openModels, type Models } from './open-models.js';

/** Variables of a process that uses models. */
export const modelSettings = {
  OPENAI_API_KEY: z.string().optional().describe('Chat and embeddings by OpenAI; not set: local models'),
  OPENAI_BASE_URL: z.url().optional().describe('Any server that speaks the OpenAI API'),
};

/** What `modelSettings` gives, parsed. */
export type ModelSettings = Readonly<z.output<z.ZodObject<typeof modelSettings>>>;

/** How one kind of model is served, in the form of a part of the process's health. */
interface ModelPart {
  readonly part: string;
  readonly using: string;
  readonly state: 'up' | 'degraded';
  readonly hint?: string;
}

/** What models take from the process that they live in; service-kit's ProcessContext has it. */
export interface ModelProcess {
  readonly health: { register(part: string, check: () => ModelPart): void };
  onClose(close: () => Promise<void>): void;
}

/** Opens the models of a process by its settings, puts them on its health board, and closes them with it. */
export async function openProcessModels(settings: ModelSettings, { health, onClose }: ModelProcess): Promise<Models> {
  const models = await openModels({ openAiApiKey: settings.OPENAI_API_KEY, openAiBaseUrl: settings.OPENAI_BASE_URL });
  onClose(() => models.close());
  const { chat, embeddings } = models.description;
  const isLocal = settings.OPENAI_API_KEY === undefined;
  const shown = (part: string, using: string): ModelPart =>
    isLocal ? { part, using, state: 'degraded', hint: 'set OPENAI_API_KEY' } : { part, using, state: 'up' };
  health.register('chat model', () => shown('chat model', chat));
  health.register('embeddings', () => shown('embeddings', embeddings));
  return models;
}
