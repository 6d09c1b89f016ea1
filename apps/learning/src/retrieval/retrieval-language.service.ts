import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Embedder } from '@support101/models';
import { EMBEDDER } from '../platform/embedder.js';
import { type English, readEnglish } from '../platform/english.js';
import { directionsOf, parseSituations, type Situations } from './retrieval-situations.rules.js';
import { type Dictionary, WordTable } from './retrieval-spelling.rules.js';
import { parseSynonyms, type Synonyms } from './retrieval-synonyms.rules.js';

/** Words up to this rarity are what a misspelt word may have meant. */
const commonUpTo = 20;

/** What retrieval knows about English; made at the first use. */
@Injectable()
export class LanguageService {
  #dictionary: Dictionary | undefined;
  #synonyms: Synonyms | undefined;
  #situations: Promise<Situations> | undefined;

  constructor(@Inject(EMBEDDER) private readonly embedder: Embedder) {}

  get dictionary(): Dictionary {
    return (this.#dictionary ??= dictionaryOf(readEnglish()));
  }

  get synonyms(): Synonyms {
    return (this.#synonyms ??= parseSynonyms(readEnglish().synonyms));
  }

  /** The situations with their directions for the present embedder. */
  situations(): Promise<Situations> {
    this.#situations ??= this.read(readEnglish()).catch((error: unknown) => {
      this.#situations = undefined;
      throw error;
    });
    return this.#situations;
  }

  /** Reads situations; an embedder whose directions are not kept is asked once for all that is said in them. */
  async read({ situations: text, directions: kept }: Pick<English, 'situations' | 'directions'>): Promise<Situations> {
    const situations = parseSituations(text);
    if (kept.embedder === this.embedder.name && kept.digest === digestOf(text)) {
      return { ...situations, directions: kept.vectors.map(fromBase64) };
    }
    const vectors = await this.embedder.embed(situations.all.flatMap(({ lines }) => lines));
    let taken = 0;
    const said = situations.all.map(({ lines }) => vectors.slice(taken, (taken += lines.length)));
    return { ...situations, directions: directionsOf(said) };
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A direction is kept as a byte per dimension, which is as exact as the ranking needs. */
function fromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  const values = Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function dictionaryOf({ words }: English): Dictionary {
  const common = new WordTable();
  for (const [word, rarity] of words) if (rarity <= commonUpTo && /^[a-z]{3,}$/.test(word)) common.add(word);
  return { common, knows: (word) => words.has(word) };
}
