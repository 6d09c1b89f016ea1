import { DomainError } from '@support101/contracts';
import { embedWith, type BatchModel, type Embedder } from './embedder.js';
import type { OpenAiClient } from './openai-client.js';

/** Embeddings of an OpenAI-compatible server, with 512 dimensions unless said otherwise. */
export function openAiEmbedder(client: OpenAiClient, name: string, dimensions = 512): Embedder {
  const model: BatchModel = {
    dimensions,
    // Below the 8191 tokens a text may have; languages without spaces come near one token a character.
    longestText: 8_000,
    // A request takes up to 2048 texts and 300,000 tokens.
    batchSize: 32,
    embedBatch: async (texts, signal = new AbortController().signal) => {
      const { data } = await client.call(
        (api, options) =>
          api.embeddings.create({ model: name, dimensions, input: [...texts], encoding_format: 'float' }, options),
        signal,
      );
      return checked(name, dimensions, texts.length, data);
    },
  };
  return { name: `${name}/${dimensions}`, dimensions, embed: (texts, signal) => embedWith(model, texts, signal) };
}

function checked(
  name: string,
  dimensions: number,
  count: number,
  data: readonly { index: number; embedding: number[] }[],
): Float32Array[] {
  const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => Float32Array.from(embedding));
  if (vectors.length === count && vectors.every((vector) => vector.length === dimensions)) return vectors;
  throw new DomainError('model_output_invalid', `${name} did not answer with one vector of ${dimensions} numbers per text.`);
}
