import { describe, expect, it } from '@jest/globals';
import { newId } from '@support101/service-kit';
import { type Question, rank, type RankedArticle, signalsOf, strengthOf } from './retrieval-ranking.rules.js';

const article = (title: string, over: Partial<RankedArticle> = {}): RankedArticle => ({
  articleId: newId('art'),
  title,
  sourceUrl: null,
  answer: null,
  profile: [0.5, 0.5],
  passages: [{ text: `${title}, in words`, words: new Set(), vector: Float32Array.of(1, 0) }],
  ...over,
});
const question = (over: Partial<Question> = {}): Question => ({
  text: 'How?',
  vector: Float32Array.of(0, 1),
  reading: { profile: [0.5, 0.5], known: 1 },
  rarity: 20,
  gains: new Map(),
  ...over,
});

describe('rank', () => {
  it('puts the article first that has the words', () => {
    const [first, second] = [article('A'), article('B')];

    const hits = rank([first, second], question({ gains: new Map([[second.articleId, 20]]) }), 5);

    expect(hits.map(({ title }) => title)).toEqual(['B', 'A']);
    expect(hits[0]?.score).toBeGreaterThan(0.75);
  });

  it('puts the article first that is near in meaning', () => {
    const near = article('B', { passages: [{ text: 'b', words: new Set(), vector: Float32Array.of(0, 1) }] });

    expect(rank([article('A'), near], question(), 5)[0]).toMatchObject({ title: 'B', text: 'b' });
  });

  it('is unsure when nothing speaks for any article, and certain of nothing when two are alike', () => {
    const unsure = rank([article('A')], question({ reading: { profile: [0.5, 0.5], known: 0 } }), 5);
    const both = [article('A'), article('B')];
    const alike = rank(both, question({ gains: new Map(both.map(({ articleId }) => [articleId, 40])) }), 5);

    expect(unsure[0]?.score).toBeLessThan(0.1);
    expect(alike.map(({ score }) => score)).toEqual([expect.closeTo(0.5, 1), expect.closeTo(0.5, 1)]);
  });

  it('gives scores that sum up to at most one, however strong the signals', () => {
    const many = Array.from({ length: 50 }, (_, index) => article(`A${index}`));
    const hits = rank(many, question({ gains: new Map(many.map(({ articleId }) => [articleId, 1e6])) }), 50);

    expect(hits.reduce((sum, { score }) => sum + score, 0)).toBeLessThanOrEqual(1 + 1e-9);
    expect(hits.every(({ score }) => Number.isFinite(score))).toBe(true);
  });

  it('takes a golden path for the same question only, not for another about the same', () => {
    const path = article('Do you deliver to Oslo?', { articleId: newId('gpt') });
    const ask = (gain: number, meaning: number) =>
      question({ gains: new Map([[path.articleId, gain]]), vector: Float32Array.of(meaning, Math.sqrt(1 - meaning ** 2)) });

    expect(rank([path], ask(15, 0.75), 1)[0]).toMatchObject({ kind: 'golden_path', score: expect.closeTo(0.97, 1) });
    expect(rank([path], ask(5, 0.6), 1)[0]?.score).toBeLessThan(0.3);
  });

  it('shows the answer of a golden path as it was given, whatever passages it was cut into', () => {
    const answer = 'One paragraph. '.repeat(500).trim();
    const passages = ['Do you deliver?', answer.slice(0, 1400), answer.slice(1400)].map((text) => ({
      ...{ text, words: new Set<string>(), vector: undefined },
    }));

    const [hit] = rank([article('Do you deliver?', { articleId: newId('gpt'), answer, passages })], question(), 1);

    expect(hit?.text).toBe(answer);
  });

  it('gives no more than was asked for, and nothing of nothing', () => {
    expect(rank([article('A'), article('B')], question(), 1)).toHaveLength(1);
    expect(rank([], question(), 5)).toEqual([]);
  });

  it('shows a long article by the part that fits best', () => {
    const passages = Array.from({ length: 20 }, (_, index) => ({
      text: `part ${index} ${'x'.repeat(900)}`,
      words: new Set<string>(),
      vector: Float32Array.of(index === 13 ? 0 : 1, index === 13 ? 1 : 0),
    }));

    const [hit] = rank([article('A', { passages })], question(), 1);

    expect(hit?.text).toContain('part 13');
    expect(hit?.text.length).toBeLessThanOrEqual(4000);
  });
});

describe('signalsOf', () => {
  it('takes the best passage, and a middling meaning for an article without vectors', () => {
    const mixed = [1, 0].map((value) => ({ text: '', words: new Set<string>(), vector: Float32Array.of(value, 1 - value) }));

    expect(signalsOf(article('A', { passages: mixed }), question()).meaning).toBe(1);
    expect(signalsOf(article('A', { passages: [{ text: '', words: new Set(), vector: undefined }] }), question()).meaning).toBe(
      0.3,
    );
  });

  it('finds no words in a question without any', () => {
    expect(signalsOf(article('A'), question({ rarity: 0 })).words).toBe(0);
  });
});

describe('strengthOf', () => {
  it('leaves the situation out of account where the question is not about a known one', () => {
    const signals = { words: 0.5, meaning: 0.5, situation: 0 };

    expect(strengthOf(signals, 0)).toBe(strengthOf({ ...signals, situation: 1 }, 0));
    expect(strengthOf(signals, 1)).toBeLessThan(strengthOf({ ...signals, situation: 1 }, 1));
  });
});
