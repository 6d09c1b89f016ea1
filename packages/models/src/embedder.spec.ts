import { describe, expect, it } from '@jest/globals';
import { embedWith, windowsOf, type BatchModel } from './embedder.js';

// A model of two dimensions that counts vowels and consonants, and remembers what it was asked.
function letterCounter(): BatchModel & { readonly asked: string[][] } {
  const asked: string[][] = [];
  return {
    dimensions: 2,
    longestText: 20,
    batchSize: 2,
    asked,
    embedBatch: async (texts) => {
      asked.push([...texts]);
      return texts.map((text) => Float32Array.of(text.match(/[aeiou]/g)?.length ?? 0, text.match(/[^aeiou\W]/g)?.length ?? 0));
    },
  };
}

describe('embedWith', () => {
  it('gives unit vectors in the order of the texts', async () => {
    const [first, second] = await embedWith(letterCounter(), ['aaab', 'bbbbbb']);

    expect([...(first ?? [])]).toEqual([expect.closeTo(0.949, 3), expect.closeTo(0.316, 3)]);
    expect([...(second ?? [])]).toEqual([0, 1]);
  });

  it('asks for each different text once, whatever its white space', async () => {
    const model = letterCounter();

    const vectors = await embedWith(model, ['one', ' one\n', 'two', 'three', 'one']);

    expect(model.asked).toEqual([['one', 'two'], ['three']]);
    expect(vectors).toHaveLength(5);
    expect(vectors[4]).toEqual(vectors[0]);
  });

  it.each(['', '  ', '— ? —', '\u{1f600}'])('gives the zero vector for %j without asking', async (text) => {
    const model = letterCounter();

    const [vector] = await embedWith(model, [text]);

    expect([...(vector ?? [])]).toEqual([0, 0]);
    expect(model.asked).toEqual([]);
  });

  it('embeds a long text in windows and weights them by their length', async () => {
    const [whole] = await embedWith(letterCounter(), ['aaaa aaaa aaaa aaaa bbbb']);

    expect([...(whole ?? [])]).toEqual([expect.closeTo(0.998, 2), expect.closeTo(0.052, 2)]);
  });

  it('stops between batches when aborted', async () => {
    const controller = new AbortController();
    const model = letterCounter();
    const slow: BatchModel = {
      ...model,
      embedBatch: (texts) => {
        controller.abort(new Error('enough'));
        return model.embedBatch(texts, undefined);
      },
    };

    await expect(embedWith(slow, ['a', 'b', 'c', 'd'], controller.signal)).rejects.toThrow('enough');
    expect(model.asked).toHaveLength(1);
  });
});

describe('windowsOf', () => {
  it('cuts at spaces and loses nothing', () => {
    expect(windowsOf('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  });

  it('cuts where there is no space, but never inside a character', () => {
    expect(windowsOf('ab\u{1f600}\u{1f600}cd', 3)).toEqual(['ab', '\u{1f600}', '\u{1f600}c', 'd']);
  });
});
