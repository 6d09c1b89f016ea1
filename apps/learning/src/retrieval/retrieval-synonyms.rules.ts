import { fold } from './retrieval-words.rules.js';

interface Expression {
  readonly words: readonly string[];
  /** The other single words of its group. */
  readonly others: readonly string[];
}

/** Expressions by their first word, folded. */
export type Synonyms = ReadonlyMap<string, readonly Expression[]>;

const longestExpression = 5;

/** Reads groups of expressions that mean the same: one group a line, commas between, `#` begins a comment. */
export function parseSynonyms(text: string): Synonyms {
  const synonyms = new Map<string, Expression[]>();
  for (const line of text.split('\n').filter((group) => group !== '' && !group.startsWith('#'))) {
    const group = line.split(',').map((expression) => expression.trim());
    const singles = group.filter((expression) => !expression.includes(' '));
    for (const expression of group) {
      const words = expression.split(' ').map(fold);
      const [first = ''] = words;
      const others = singles.filter((other) => other !== expression);
      synonyms.set(first, [...(synonyms.get(first) ?? []), { words, others }]);
    }
  }
  return synonyms;
}

/** The synonyms of the word at the given place, and of expressions that begin there. */
export function synonymsAt(synonyms: Synonyms, words: readonly string[], place: number): string[] {
  const folded = words.slice(place, place + longestExpression).map(fold);
  const expressions = synonyms.get(folded[0] ?? '') ?? [];
  const said = expressions.filter((expression) => expression.words.every((word, index) => word === folded[index]));
  return [...new Set(said.flatMap((expression) => expression.others))];
}
