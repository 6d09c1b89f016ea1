import { createHash } from 'node:crypto';
import { DomainError } from '@support101/contracts';
import type { Embedder } from '@support101/models';

const dimensions = 64;

/** Stands for a model: texts with the same words are near. Can be made to fail, and remembers what it was asked. */
export class HashingEmbedder implements Embedder {
  readonly dimensions = dimensions;
  readonly asked: string[] = [];
  failing = false;

  constructor(readonly name = 'test/hashing-64') {}

  embed(texts: readonly string[]): Promise<Float32Array[]> {
    this.asked.push(...texts);
    if (this.failing) return Promise.reject(new DomainError('model_unavailable'));
    return Promise.resolve(texts.map(vectorOf));
  }
}

function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const place = createHash('sha256').update(word).digest().readUInt16LE() % dimensions;
    vector[place] = (vector[place] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
