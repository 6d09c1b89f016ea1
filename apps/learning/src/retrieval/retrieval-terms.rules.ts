import { type Synonyms, synonymsAt } from './retrieval-synonyms.rules.js';
import { wordsOf } from './retrieval-words.rules.js';

/** One word to look for: `place` is the word of the question it stands for, as itself or as a synonym of less weight. */
export interface TextTerm {
  readonly word: string;
  readonly place: number;
  readonly weight: number;
}

/** A synonym counts this much of the word itself. */
const synonymWeight = 0.6;

/** Words of a question that full text looks for; a longer one is told by its beginning. */
const mostWords = 80;

/** The words of a question with their synonyms. Postgres knows which of them are stop words. */
export function termsOf(question: string, synonyms: Synonyms): TextTerm[] {
  const words = wordsOf(question).slice(0, mostWords);
  return words.flatMap((word, place) => [
    { word, place, weight: 1 },
    ...synonymsAt(synonyms, words, place).map((synonym) => ({ word: synonym, place, weight: synonymWeight })),
  ]);
}
