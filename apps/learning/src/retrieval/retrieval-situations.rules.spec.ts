import { describe, expect, it } from '@jest/globals';
import { agreement, directionsOf, parseSituations, profileOfArticle, readQuestion } from './retrieval-situations.rules.js';
import { parseSynonyms } from './retrieval-synonyms.rules.js';

const situations = parseSituations(`# forgotten password
recover my password
cannot sign in
# track parcel
where is my parcel
tracking number
# refund
money back
when is it refunded
`);
const synonyms = parseSynonyms('parcel, package\npassword, credentials\n');
const read = (question: string) => readQuestion(question, new Float32Array(), situations, synonyms);
const likeliest = (profile: readonly number[]) => profile.indexOf(Math.max(...profile));

describe('readQuestion', () => {
  it('tells what a question is about, also by synonyms', () => {
    expect(likeliest(read('where did my package go').profile)).toBe(1);
    expect(likeliest(read('credentials').profile)).toBe(0);
  });

  it('gives shares that sum up to one', () => {
    const { profile } = read('refund for a parcel');

    expect(profile.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  });

  it('says how much of the question it knows', () => {
    expect(read('parcel').known).toBe(1);
    expect(read('parcel kubernetes').known).toBe(0.5);
    expect(read('kubernetes').known).toBe(0);
    expect(read('???').known).toBe(0);
  });

  it('is undecided about what it does not know', () => {
    expect(read('kubernetes').profile).toEqual([1 / 3, 1 / 3, 1 / 3].map((share) => expect.closeTo(share)));
  });
});

describe('agreement', () => {
  const article = profileOfArticle('Track your parcel', 'Open the link to see where it is.', [], situations);

  it('is high for the article about the situation of the question, and low for another', () => {
    const other = profileOfArticle('When refunds arrive', 'Your money is back within a week.', [], situations);
    const { profile } = read('tracking my package');

    expect(agreement(article, profile)).toBeGreaterThan(0.9);
    expect(agreement(other, profile)).toBeLessThan(0.5);
  });

  it('is one with itself', () => {
    expect(agreement(article, article)).toBeCloseTo(1);
  });
});

describe('directionsOf', () => {
  const vectors = [[Float32Array.of(1, 0), Float32Array.of(0.8, 0.6)], [Float32Array.of(0, 1)], [Float32Array.of(0, -1)]];
  const directed = { ...situations, directions: directionsOf(vectors) };

  it('point from the middle of all situations to each, at length one', () => {
    for (const direction of directed.directions) expect(Math.hypot(...direction)).toBeCloseTo(1);
  });

  it('let the meaning decide where the words say nothing', () => {
    const { profile, known } = readQuestion('kubernetes', Float32Array.of(0, 1), directed, synonyms);

    expect([likeliest(profile), known]).toEqual([1, 0]);
  });

  it('let the vectors of an article speak beside its words', () => {
    const profile = profileOfArticle('Kubernetes', 'Nodes.', [Float32Array.of(0.1, -1), Float32Array.of(0, -1)], directed);

    expect(likeliest(profile)).toBe(2);
  });
});
