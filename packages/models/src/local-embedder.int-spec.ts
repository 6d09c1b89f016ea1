import { afterAll, describe, expect, it } from '@jest/globals';
import { localEmbedder } from './local-embedder.js';

const embedder = localEmbedder();
afterAll(() => embedder.close());

const dot = (a: Float32Array = new Float32Array(), b: Float32Array = new Float32Array()) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe('the local embedder', () => {
  it('puts a paraphrase nearer than other questions', async () => {
    const [question, paraphrase, billing, parcel] = await embedder.embed([
      'How do I reset my password?',
      'I forgot my login credentials and cannot sign in',
      'Why was I charged twice this month?',
      'Where is my parcel?',
    ]);

    expect(dot(question, paraphrase)).toBeGreaterThan(0.5);
    expect(dot(question, paraphrase)).toBeGreaterThan(dot(question, billing) + 0.2);
    expect(dot(question, paraphrase)).toBeGreaterThan(dot(question, parcel) + 0.2);
  });

  it('gives 512 numbers of length 1, also for odd and long text', async () => {
    const vectors = await embedder.embed([
      'ﬁnd ünïcödé',
      '日本語のテキスト',
      'hi \u{1f469}‍\u{1f467}',
      'x\ud800y',
      'many words '.repeat(500),
    ]);

    for (const vector of vectors) expect([vector.length, dot(vector, vector)]).toEqual([512, expect.closeTo(1, 4)]);
  });

  it('does not hold up the event loop', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 5);

    await embedder.embed(Array.from({ length: 32 }, (_, index) => `Sentence number ${index} about delivery times.`));
    clearInterval(timer);

    expect(turns).toBeGreaterThan(10);
  });

  it('rejects at the next batch when aborted, and goes on answering others', async () => {
    const texts = Array.from({ length: 64 }, (_, index) => `Text ${index}`);
    const controller = new AbortController();

    const aborted = embedder.embed(texts, controller.signal);
    controller.abort(new Error('no longer needed'));

    await expect(aborted).rejects.toThrow('no longer needed');
    await expect(embedder.embed(['still here'])).resolves.toHaveLength(1);
  });

  it('fails what was under way when it is closed, and starts again for the next text', async () => {
    const own = localEmbedder();
    const underWay = own.embed(['first']);

    await own.close();

    await expect(underWay).rejects.toMatchObject({ code: 'model_unavailable' });
    await expect(own.embed(['second'])).resolves.toHaveLength(1);
    await own.close();
  });
});
