import { describe, expect, it } from '@jest/globals';
import { confidenceOf, searchFor, verdictOf, withinBudget, worthComposing, worthwhile } from './support-agent.rules.js';

const hit = (articleId: string, score: number, text = 'text') => ({
  articleId,
  title: articleId,
  text,
  score,
  kind: 'article' as const,
});
const user = (content: string) => ({ role: 'user' as const, content });
const assistant = (content: string) => ({ role: 'assistant' as const, content });

describe('searchFor', () => {
  const history = [user('How do I return a lamp?'), assistant('Open Orders.')];

  it.each([
    ['and how long does it take?', 'How do I return a lamp? and how long does it take?'],
    ['Is that free?', 'How do I return a lamp? Is that free?'],
    ['refund', 'How do I return a lamp? refund'],
    ['Where can I download my invoices?', 'Where can I download my invoices?'],
    [
      'I would like to know where it is written on the page what the parcel costs',
      'I would like to know where it is written on the page what the parcel costs',
    ],
  ])('%s', (query, expected) => {
    expect(searchFor(query, history)).toBe(expected);
  });

  it('is the query when nobody said anything before', () => {
    expect(searchFor(' and that? ', [])).toBe('and that?');
    expect(searchFor('and that?', [assistant('Hello'), user('  ')])).toBe('and that?');
  });

  it('keeps the query whole and never gets longer than a search may be', () => {
    const search = searchFor('and that?', [user('x'.repeat(4000))]);

    expect(search).toHaveLength(2000);
    expect(search.endsWith(' and that?')).toBe(true);
  });
});

describe('confidenceOf', () => {
  it.each([
    ['everything fits', { retrieval: 1, coverage: 1, groundedness: 1 }, 1],
    ['a paraphrase shares no word with the answer', { retrieval: 0.9, coverage: 0, groundedness: 1 }, 0.765],
    ['the search is unsure', { retrieval: 0.5, coverage: 1, groundedness: 1 }, 0.5],
    ['a fifth of the answer is not borne out', { retrieval: 1, coverage: 1, groundedness: 0.8 }, 0.8],
    ['half of the answer is not borne out', { retrieval: 1, coverage: 1, groundedness: 0.5 }, 0],
    ['nothing was found', { retrieval: 0, coverage: 1, groundedness: 1 }, 0],
  ])('when %s', (_name, evidence, expected) => {
    expect(confidenceOf(evidence)).toBe(expected);
  });

  it('never rises above what the search is sure of', () => {
    for (const retrieval of [0, 0.2, 0.74, 1]) {
      for (const part of [0, 0.5, 1]) {
        expect(confidenceOf({ retrieval, coverage: part, groundedness: 1 })).toBeLessThanOrEqual(retrieval);
      }
    }
  });
});

describe('worthwhile', () => {
  it('drops noise and empty passages, and sorts best first', () => {
    const kept = worthwhile([hit('a', 0.05), hit('b', 0.5), hit('c', 0.9), hit('d', 0.8, ' ')]);

    expect(kept.map(({ articleId }) => articleId)).toEqual(['c', 'b']);
  });

  it('joins the passages of one article under its best score', () => {
    expect(worthwhile([hit('a', 0.4, 'second'), hit('a', 0.9, 'first'), hit('a', 0.3, 'first')])).toEqual([
      hit('a', 0.9, 'first\n\nsecond'),
    ]);
  });
});

describe('withinBudget', () => {
  it('keeps whole passages that fit and says how many it left out', () => {
    const { kept, leftOut } = withinBudget([hit('a', 0.9, 'aaaa'), hit('b', 0.8, 'bbbbbbb'), hit('c', 0.7, 'cc')], 8);

    expect(kept.map(({ text }) => text)).toEqual(['aaaa', 'cc']);
    expect(leftOut).toBe(1);
  });

  it('cuts the first rather than leaving out everything', () => {
    expect(withinBudget([hit('a', 0.9, 'aaaaaaaa')], 3).kept[0]?.text).toBe('aaa');
  });
});

describe('verdictOf', () => {
  it.each([
    [0.8, 'fail', 'answer'],
    [0.75, 'fail', 'answer'],
    [0.74, 'fail', 'give_up'],
    [0.74, 'ask_person', 'ask_person'],
    [undefined, 'fail', 'give_up'],
    [undefined, 'ask_person', 'ask_person'],
  ] as const)('of %s, unsure: %s, is %s', (confidence, whenUnsure, expected) => {
    expect(verdictOf(confidence, { confidenceThreshold: 0.75, whenUnsure })).toBe(expected);
  });
});

describe('worthComposing', () => {
  it.each([
    [[], 'ask_person', false],
    [[0.5], 'fail', false],
    [[0.5], 'ask_person', true],
    [[0.5, 0.75], 'fail', true],
  ] as const)('hits %j, unsure: %s: %s', (scores, whenUnsure, expected) => {
    const hits = scores.map((score) => hit('a', score));

    expect(worthComposing(hits, { confidenceThreshold: 0.75, whenUnsure })).toBe(expected);
  });
});
