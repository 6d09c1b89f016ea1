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
  readonly counts: ReadonlyMap<string, number>;
  readonly length: number;
}

/** The situations that customers are in, with how rare each word is among them. */
export interface Situations {
  readonly all: readonly Situation[];
  readonly averageLength: number;
  readonly rarity: ReadonlyMap<string, number>;
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

/** Reads situations: `# name` begins one, the lines below are what is said in it. */
export function parseSituations(text: string): Situations {
  const blocks = text.split(/^# /m).slice(1);
  const all = blocks.map((block) => {
    const counts = new Map<string, number>();
    for (const word of contentWords(block)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return { counts, length: [...counts.values()].reduce((sum, count) => sum + count, 0) };
  });
  const spread = new Map<string, number>();
  for (const word of all.flatMap((situation) => [...situation.counts.keys()])) spread.set(word, (spread.get(word) ?? 0) + 1);
  const rarity = new Map([...spread].map(([word, count]) => [word, Math.log(1 + (all.length - count + 0.5) / (count + 0.5))]));
  return { all, rarity, averageLength: all.reduce((sum, { length }) => sum + length, 0) / Math.max(1, all.length) };
}

/** What a question is about. Its words also stand for their synonyms. */
export function readQuestion(question: string, situations: Situations, synonyms: Synonyms): Reading {
  const words = wordsOf(question);
  const places = words.flatMap((word, place) => {
    const alternatives = new Map<string, number>();
    for (const other of synonymsAt(synonyms, words, place)) alternatives.set(fold(other), synonymWeight);
    if (!isStopWord(word)) alternatives.set(fold(word), 1);
    return alternatives.size === 0 ? [] : [alternatives];
  });
  const known = places.filter((alternatives) => [...alternatives.keys()].some((word) => situations.rarity.has(word)));
  return {
    profile: shares(standardised(evidence(places, situations))),
    known: places.length === 0 ? 0 : known.length / places.length,
  };
}

/** What an article is about. */
export function profileOfArticle(title: string, content: string, situations: Situations): Profile {
  const places = (text: string) => [...new Set(contentWords(text))].map((word) => new Map([[word, 1]]));
  const ofTitle = standardised(evidence(places(title), situations));
  const ofContent = standardised(evidence(places(content), situations));
  return shares(standardised(ofTitle.map((value, index) => titleWeight * value + (ofContent[index] ?? 0))));
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
