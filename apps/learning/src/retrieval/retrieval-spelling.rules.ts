/** What spelling is judged by. */
export interface Dictionary {
  /** True for a word of the language, however rare. */
  knows(word: string): boolean;
  /** Common words of the language: what a misspelt word may have meant besides the tenant’s own words. */
  readonly common: WordTable;
}

/** Words by length, each with the set of its letters as bits and how often it occurs. */
export class WordTable {
  readonly #byLength = new Map<number, Map<string, { letters: number; count: number }>>();

  add(word: string, count = 1): void {
    const words = this.#byLength.get(word.length) ?? new Map<string, { letters: number; count: number }>();
    this.#byLength.set(word.length, words);
    const entry = words.get(word) ?? { letters: lettersOf(word), count: 0 };
    words.set(word, { letters: entry.letters, count: entry.count + count });
  }

  remove(word: string, count = 1): void {
    const words = this.#byLength.get(word.length);
    const entry = words?.get(word);
    if (words === undefined || entry === undefined) return;
    if (entry.count <= count) words.delete(word);
    else words.set(word, { letters: entry.letters, count: entry.count - count });
  }

  count(word: string): number {
    return this.#byLength.get(word.length)?.get(word)?.count ?? 0;
  }

  /** The words that at most `distance` slips turn `word` into, each with how many slips and how often it occurs. */
  *near(word: string, distance: number): Iterable<{ word: string; slips: number; count: number }> {
    const letters = lettersOf(word);
    for (let length = word.length - distance; length <= word.length + distance; length += 1) {
      for (const [candidate, entry] of this.#byLength.get(length) ?? []) {
        // Each slip changes two letters of the set at most: most candidates end here.
        if (bits(letters ^ entry.letters) > 2 * distance) continue;
        const slips = slipsBetween(word, candidate, distance);
        if (slips <= distance) yield { word: candidate, slips, count: entry.count };
      }
    }
  }
}

/** Words of a question that are looked at most: a wall of nonsense must not cost a second. */
const mostCorrections = 12;

const shortestCorrected = 4;

/**
 * The question with its misspelt words replaced by the nearest word that the tenant’s articles use, or else by a common
 * one. A word that the language or the tenant knows stays, and so does a name.
 */
export function corrected(question: string, tenant: WordTable, dictionary: Dictionary): string {
  let looked = 0;
  return question.replaceAll(/\p{L}+(?:['’]\p{L}+)*/gu, (written, at: number) => {
    const word = written.toLowerCase();
    if (word.length < shortestCorrected || isName(written, at) || isKnown(word, tenant, dictionary)) return written;
    looked += 1;
    return looked > mostCorrections ? written : (nearest(word, tenant, dictionary) ?? written);
  });
}

function isKnown(word: string, tenant: WordTable, dictionary: Dictionary): boolean {
  if (/['’]/.test(word) || !/^[a-z]+$/.test(word)) return true;
  const forms = [word, word.replace(/s$/, ''), word.replace(/(?:es|ed|er|ing|ly)$/, '')];
  return forms.some((form) => form.length > 2 && (tenant.count(form) > 0 || dictionary.knows(form)));
}

/** A capital in the middle of a question: a name, unless all of it is shouted. */
function isName(written: string, at: number): boolean {
  return at > 0 && /^\p{Lu}/u.test(written) && !/^\p{Lu}+$/u.test(written);
}

function nearest(word: string, tenant: WordTable, dictionary: Dictionary): string | undefined {
  const distance = word.length < 6 ? 1 : word.length < 9 ? 2 : 3;
  let best: { word: string; likeness: number } | undefined;
  const consider = (candidate: { word: string; slips: number }, bonus: number) => {
    const likeness = bonus - 2 * candidate.slips + resemblance(word, candidate.word);
    if (best === undefined || likeness > best.likeness) best = { word: candidate.word, likeness };
  };
  for (const candidate of tenant.near(word, distance)) consider(candidate, 1 + 0.15 * Math.log(1 + candidate.count));
  for (const candidate of dictionary.common.near(word, distance)) consider(candidate, 0);
  return best?.word;
}

/** People mostly get the first letter right, and the letters rather than their order. */
function resemblance(word: string, candidate: string): number {
  const sorted = (text: string) => [...text].sort().join('');
  return (
    (word[0] === candidate[0] ? 1 : 0) +
    (word.at(-1) === candidate.at(-1) ? 0.3 : 0) +
    (sorted(word) === sorted(candidate) ? 0.8 : 0)
  );
}

function lettersOf(word: string): number {
  let letters = 0;
  for (const character of word) letters |= 1 << (character.charCodeAt(0) & 31);
  return letters;
}

function bits(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** Letters left out, put in, exchanged for another, or swapped with their neighbour; more than `most` is `most + 1`. */
export function slipsBetween(from: string, to: string, most: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let slips = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) slips = Math.min(slips, at(beforeLast, column - 2) + 1);
      current.push(slips);
    }
    if (Math.min(...current) > most) return most + 1;
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
