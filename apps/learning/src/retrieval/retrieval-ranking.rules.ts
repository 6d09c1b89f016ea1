import { type EntryId, isPathId, type SearchHit } from '@support101/contracts/learning';
import { agreement, dot, type Profile, type Reading } from './retrieval-situations.rules.js';
import { contentWords } from './retrieval-words.rules.js';

/** A passage in memory. It has no vector until the article is indexed. */
interface Passage {
  readonly text: string;
  readonly words: ReadonlySet<string>;
  readonly vector: Float32Array | undefined;
}

/** An article or golden path in memory, ready to be compared with questions. */
export interface RankedArticle {
  readonly articleId: EntryId;
  readonly title: string;
  readonly sourceUrl: string | null;
  /** Of a golden path, the whole answer. */
  readonly answer: string | null;
  readonly profile: Profile;
  readonly passages: readonly Passage[];
}

/** What is known about a question before it is compared. */
export interface Question {
  readonly text: string;
  readonly vector: Float32Array;
  readonly reading: Reading;
  /** How rare its words are among the articles, all together. */
  readonly rarity: number;
  /** What its words add to each article, by full text. */
  readonly gains: ReadonlyMap<EntryId, number>;
}

/** What speaks for an article, each about 0 to 1. */
export interface Signals {
  readonly words: number;
  readonly meaning: number;
  readonly situation: number;
}

/** How much each signal counts, and how much must speak for an article before it is an answer at all. */
interface SignalWeights extends Signals {
  readonly none: number;
}

/**
 * Fitted by `npm run bench -- retrieval --fit` on the tuning half of bench/retrieval/questions.json: the weights of a
 * conditional logit over all articles and the choice that none of them answers; its probabilities are the scores. A
 * question without an answer counted twice, so the scores are on the careful side.
 * Where the situations know the words of a question they count, where not the other two signals stand alone.
 */
const fittedWeights: { readonly known: SignalWeights; readonly unknown: SignalWeights } = {
  known: { words: 5.07, meaning: 2.59, situation: 6.15, none: 7.54 },
  unknown: { words: 9.65, meaning: 7.51, situation: 0, none: 8.33 },
};

/** Stands for the meaning of an article that has no vectors yet: that of a middling one. */
const unknownMeaning = 0.3;

/** How rare the words of a middling question are together: a long question need not be matched as a whole. */
const middlingRarity = 20;

/** BM25 as full text uses it. */
export const textWeights = { title: 4, tags: 2, saturation: 2, lengthDiscount: 0.75, imagined: 30 } as const;

/** What speaks for the article as the answer to the question. */
export function signalsOf(article: RankedArticle, question: Question): Signals {
  const gain = question.gains.get(article.articleId) ?? 0;
  const meanings = article.passages.flatMap(({ vector }) => (vector === undefined ? [] : [dot(vector, question.vector)]));
  return {
    words: question.rarity === 0 ? 0 : gain / Math.sqrt(question.rarity * middlingRarity),
    meaning: meanings.length === 0 ? unknownMeaning : Math.max(0, ...meanings),
    situation: agreement(article.profile, question.reading.profile),
  };
}

/**
 * The articles by how probably they answer the question, best first. The rest up to 1 is that none of them does.
 * The situation does not count for a golden path: it answers one particular question, and not another about the same.
 */
export function rank(articles: Iterable<RankedArticle>, question: Question, topK: number): SearchHit[] {
  const candidates = [...articles].map((article) => ({
    article,
    strength: strengthOf(signalsOf(article, question), isPathId(article.articleId) ? 0 : question.reading.known),
  }));
  // That none answers has strength 0. The greatest is taken off everywhere: no share changes, and nothing overflows.
  const most = candidates.reduce((highest, { strength }) => Math.max(highest, strength), 0);
  const total = candidates.reduce((sum, { strength }) => sum + Math.exp(strength - most), Math.exp(-most));
  const asked = new Set(contentWords(question.text));
  return candidates
    .sort((a, b) => b.strength - a.strength || (a.article.articleId < b.article.articleId ? -1 : 1))
    .slice(0, topK)
    .map(({ article, strength }) => ({
      ...identityOf(article.articleId),
      title: article.title,
      text: shownText(article, question.vector, asked),
      score: Math.exp(strength - most) / total,
      sourceUrl: article.sourceUrl,
    }));
}

/** How much more speaks for the article than for no answer, when the situations know this share of the question. */
export function strengthOf(signals: Signals, known: number): number {
  return known * excess(signals, fittedWeights.known) + (1 - known) * excess(signals, fittedWeights.unknown);
}

function excess(signals: Signals, { words, meaning, situation, none }: SignalWeights): number {
  return words * signals.words + meaning * signals.meaning + situation * signals.situation - none;
}

function identityOf(entry: EntryId): Pick<SearchHit, 'kind' | 'articleId' | 'pathId'> {
  return isPathId(entry) ? { kind: 'golden_path', pathId: entry } : { kind: 'article', articleId: entry };
}

/** Characters of an article that a hit shows: the steps of an answer are often not in the passage that fits best. */
const mostShown = 4000;

/**
 * What a hit shows: of a golden path the answer, as it was given; of an article the whole text when it is short enough, else
 * the passage that is nearest in meaning and has most of the words that were asked for, with its neighbours as far as they fit.
 */
function shownText(article: RankedArticle, vector: Float32Array, asked: ReadonlySet<string>): string {
  const { answer, passages, title } = article;
  if (answer !== null) return answer;
  const texts = passages.map(({ text }) => text);
  if (texts.length === 0) return title;
  if (lengthOf(texts) <= mostShown) return texts.join('\n\n');
  const best = passages.reduce((found, passage, index) => (value(passage) > value(passages[found]) ? index : found), 0);
  let [from, to] = [best, best + 1];
  for (let grown = true; grown;) {
    grown = false;
    if (to < texts.length && lengthOf(texts.slice(from, to + 1)) <= mostShown) [to, grown] = [to + 1, true];
    if (from > 0 && lengthOf(texts.slice(from - 1, to)) <= mostShown) [from, grown] = [from - 1, true];
  }
  return texts.slice(from, to).join('\n\n');

  function value(passage: Passage | undefined): number {
    if (passage === undefined) return -1;
    const shared = [...asked].filter((word) => passage.words.has(word)).length;
    const near = passage.vector === undefined ? 0 : dot(passage.vector, vector);
    return near + shared / (2 * Math.max(1, asked.size));
  }
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length + 2, 0);
}
