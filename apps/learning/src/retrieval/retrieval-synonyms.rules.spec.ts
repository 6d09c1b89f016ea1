import { describe, expect, it } from '@jest/globals';
import { parseSynonyms, synonymsAt } from './retrieval-synonyms.rules.js';
import { termsOf } from './retrieval-terms.rules.js';
import { contentWords, fold, wordsOf } from './retrieval-words.rules.js';

const synonyms = parseSynonyms("# a comment\nparcel, package, box\nforgot, can't remember, lost my password\n");
const at = (question: string, place: number) => synonymsAt(synonyms, wordsOf(question), place);

describe('synonymsAt', () => {
  it('gives the other single words of the group, whatever the form', () => {
    expect(at('two parcels', 1)).toEqual(['package', 'box']);
  });

  it('recognises an expression of several words by its first one', () => {
    expect(at("I can't remember it", 1)).toEqual(['forgot']);
    expect(at("I can't find it", 1)).toEqual([]);
  });

  it('knows nothing of other words', () => {
    expect(at('hello', 0)).toEqual([]);
    expect(at('hello', 7)).toEqual([]);
  });
});

describe('termsOf', () => {
  it('looks for each word, and for its synonyms with less weight', () => {
    expect(termsOf('my parcel', synonyms)).toEqual([
      { word: 'my', place: 0, weight: 1 },
      { word: 'parcel', place: 1, weight: 1 },
      { word: 'package', place: 1, weight: 0.6 },
      { word: 'box', place: 1, weight: 0.6 },
    ]);
  });

  it('takes no more than the beginning of a very long question', () => {
    expect(termsOf('word '.repeat(1000), new Map())).toHaveLength(80);
  });
});

describe('words', () => {
  it('are lower-case, with their apostrophes, of any script', () => {
    expect(wordsOf('Can’t find MY café-order №5?')).toEqual(["can't", 'find', 'my', 'café', 'order', '5']);
  });

  it.each([
    ['cancelled', 'cancel'],
    ['deliveries', 'delivery'],
    ['refunded', 'refunds'],
    ['invoices', 'invoice'],
    ['shipping', 'shipped'],
  ])('%s and %s fold to the same', (one, other) => {
    expect(fold(one)).toBe(fold(other));
  });

  it('without the ones that say nothing', () => {
    expect(contentWords('How do I return the lamp?')).toEqual(['return', 'lamp']);
  });
});
