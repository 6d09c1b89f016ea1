import { type Synonyms, synonymsAt } from './retrieval-synonyms.rules.js';
import { contentWords, fold, isStopWord, wordsOf } from './retrieval-words.rules.js';

/** What a text is probably about: one share for each situation, in their order; they sum up to 1. */
export type Profile = readonly number[];

/** What a question is about, and how much of it the situations know at all: the share of its words, 0 to 1. */
export interface Reading {
  readonly profile: Profile;
  readonly known: number;
}

interface Situation {
  /** What is said in it, its name first. */
  readonly lines: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
}

/** The situations that customers are in, with how rare each word is among them. */
export interface Situations {
  readonly all: readonly Situation[];
  readonly averageLength: number;
  readonly rarity: ReadonlyMap<string, number>;
  /** Where each lies in the embedder's space, seen from their middle; none as long as no embedder has been asked. */
  readonly directions: readonly Float32Array[];
}

/** A synonym counts this much of the word itself. */
const synonymWeight = 0.5;

/** BM25: how soon repetition stops to count, and the discount of long descriptions. */
const saturation = 1.2;
const lengthDiscount = 0.75;

/** How decided a profile is: a situation one standard deviation likelier gets e to this times the share. */
const decidedness = 2;

/** A title says this much more about an article than a line of its content. */
const titleWeight = 2;

/** An article's many words say this much more than the direction of its vectors; a question's say as much. */
const articleWordsWeight = 2;

/** Reads situations: `# name` begins one, the lines below are what is said in it. */
export function parseSituations(text: string): Situations {
  const blocks = text.split(/^# /m).slice(1);
  const all = blocks.map((block) => {
    const counts = new Map<string, number>();
    for (const word of contentWords(block)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const lines = block.split('\n').filter((line) => line !== '');
    return { lines, counts, length: [...counts.values()].reduce((sum, count) => sum + count, 0) };
  });
  const spread = new Map<string, number>();
  for (const word of all.flatMap((situation) => [...situation.counts.keys()])) spread.set(word, (spread.get(word) ?? 0) + 1);
  const rarity = new Map([...spread].map(([word, count]) => [word, Math.log(1 + (all.length - count + 0.5) / (count + 0.5))]));
  return {
    all,
    rarity,
    directions: [],
    averageLength: all.reduce((sum, { length }) => sum + length, 0) / Math.max(1, all.length),
  };
}

/** The directions of situations from the vectors of what is said in each. */
export function directionsOf(vectors: readonly (readonly Float32Array[])[]): Float32Array[] {
  const centres = vectors.map((said) => unit(meanOf(said)));
  const middle = meanOf(centres);
  return centres.map((centre) => unit(centre.map((value, place) => value - (middle[place] ?? 0))));
}

/** What a question is about, by its vector and its words, which also stand for their synonyms. */
export function readQuestion(question: string, vector: Float32Array, situations: Situations, synonyms: Synonyms): Reading {
  const words = wordsOf(question);
  const places = words.flatMap((word, place) => {
    const alternatives = new Map<string, number>();
    for (const other of synonymsAt(synonyms, words, place)) alternatives.set(fold(other), synonymWeight);
    if (!isStopWord(word)) alternatives.set(fold(word), 1);
    return alternatives.size === 0 ? [] : [alternatives];
  });
  const known = places.filter((alternatives) => [...alternatives.keys()].some((word) => situations.rarity.has(word)));
  const byWords = standardised(evidence(places, situations));
  const byMeaning = nearness(vector, situations);
  return {
    profile: shares(byWords.map((value, index) => value + (byMeaning[index] ?? 0))),
    known: places.length === 0 ? 0 : known.length / places.length,
  };
}

/** What an article is about, by its words and the vectors of its passages, as far as it has them. */
export function profileOfArticle(
  title: string,
  content: string,
  vectors: readonly Float32Array[],
  situations: Situations,
): Profile {
  const places = (text: string) => [...new Set(contentWords(text))].map((word) => new Map([[word, 1]]));
  const ofTitle = standardised(evidence(places(title), situations));
  const ofContent = standardised(evidence(places(content), situations));
  const byWords = standardised(ofTitle.map((value, index) => titleWeight * value + (ofContent[index] ?? 0)));
  const byMeaning = vectors.length === 0 ? [] : nearness(unit(meanOf(vectors)), situations);
  return shares(standardised(byWords.map((value, index) => articleWordsWeight * value + (byMeaning[index] ?? 0))));
}

/** How much two texts are about the same: 1 for equal profiles, 0 for none in common. */
export function agreement(a: Profile, b: Profile): number {
  return a.reduce((sum, share, index) => sum + Math.sqrt(share * (b[index] ?? 0)), 0);
}

/** What the places of a text speak for, by situation. Places that found the same word count once. */
function evidence(places: readonly ReadonlyMap<string, number>[], situations: Situations): number[] {
  return situations.all.map((situation) => {
    const found = new Map<string, number>();
    for (const alternatives of places) {
      let best = { word: '', gain: 0 };
      for (const [word, weight] of alternatives) {
        const gain = weight * gainOf(word, situation, situations);
        if (gain > best.gain) best = { word, gain };
      }
      if (best.gain > (found.get(best.word) ?? 0)) found.set(best.word, best.gain);
    }
    return [...found.values()].reduce((sum, gain) => sum + gain, 0);
  });
}

function gainOf(word: string, situation: Situation, situations: Situations): number {
  const count = situation.counts.get(word);
  if (count === undefined) return 0;
  const size = 1 - lengthDiscount + (lengthDiscount * situation.length) / situations.averageLength;
  return ((situations.rarity.get(word) ?? 0) * count * (1 + saturation)) / (count + saturation * size);
}

/** How near a vector is to each situation, compared with the others; nothing without directions. */
function nearness(vector: Float32Array, { directions }: Situations): number[] {
  return standardised(directions.map((direction) => dot(direction, vector)));
}

function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) vector.forEach((value, place) => (mean[place] = (mean[place] ?? 0) + value / vectors.length));
  return mean;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** The dot product; of unit vectors, the cosine between them. Vectors of different sizes have nothing in common. */
export function dot(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return 0;
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length);
  const deviation = Math.sqrt(variance);
  return values.map((value) => (deviation === 0 ? 0 : (value - mean) / deviation));
}

function shares(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const weights = values.map((value) => Math.exp(decidedness * (value - most)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
