import { fstatSync, openSync, readFileSync, readSync } from 'node:fs';

interface Manifest {
  readonly paths: readonly string[];
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/**
 * The numbers of a model in TensorFlow.js' form: `model.json`, and files that together are one row of 32-bit floats. The
 * files stay open, so that a big table need not be in memory for the few rows of it that a text needs.
 */
export class WeightFiles {
  /** Where each weight starts, in bytes of the whole row, and how many it has, by name. */
  readonly #places = new Map<string, { readonly start: number; readonly bytes: number }>();
  readonly #files: { readonly descriptor: number; readonly end: number }[] = [];

  constructor(directory: URL) {
    const { weightsManifest } = JSON.parse(readFileSync(new URL('model.json', directory), 'utf8')) as {
      readonly weightsManifest: readonly Manifest[];
    };
    let start = 0;
    for (const { name, shape } of weightsManifest.flatMap(({ weights }) => weights)) {
      const bytes = 4 * shape.reduce((product, each) => product * each, 1);
      this.#places.set(name, { start, bytes });
      start += bytes;
    }
    let end = 0;
    for (const path of weightsManifest.flatMap(({ paths }) => paths)) {
      const descriptor = openSync(new URL(path, directory), 'r');
      end += fstatSync(descriptor).size;
      this.#files.push({ descriptor, end });
    }
  }

  /** How many bytes a weight has; throws when there is none of that name. */
  bytesOf(name: string): number {
    return this.#placeOf(name).bytes;
  }

  /** Fills `target` with the bytes of a weight, from the given one on. */
  read(name: string, target: Uint8Array, from = 0): void {
    let at = this.#placeOf(name).start + from;
    let fileStart = 0;
    let filled = 0;
    for (const { descriptor, end } of this.#files) {
      const length = Math.min(end - at, target.length - filled);
      if (length > 0) {
        const read = readSync(descriptor, target, filled, length, at - fileStart);
        if (read !== length) throw new Error(`the weights end after ${at + read} bytes`);
        filled += length;
        at += length;
      }
      fileStart = end;
    }
  }

  #placeOf(name: string): { readonly start: number; readonly bytes: number } {
    const place = this.#places.get(name);
    if (place === undefined) throw new Error(`the model has no weight ${name}`);
    return place;
  }
}
