import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isConclusive, median, percentile, ratio, rotated, schedstatMicroseconds, spread, usedBetween } from './arithmetic.mjs';

describe('median', () => {
  it('is the middle one, whatever the order, and leaves the values as they are', () => {
    const values = [3, 10, 1];

    expect(median(values)).toBe(3);
    expect(values).toEqual([3, 10, 1]);
  });

  it('is between the two in the middle where there are two', () => {
    expect(median([1, 2, 4, 100])).toBe(3);
  });

  it('does not exist without values', () => {
    expect(() => median([])).toThrow('median');
  });

  it('has as many values below as above', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('of part %d of 100 to 1 is %d', (part, expected) => {
    expect(percentile(hundred, part)).toBe(expected);
  });

  it('is the only value of one, and does not exist of none', () => {
    expect(percentile([7], 0.99)).toBe(7);
    expect(() => percentile([], 0.5)).toThrow('percentile');
  });
});

describe('spread and ratio', () => {
  it('give median, lowest and highest', () => {
    expect(spread([5, 1, 3])).toEqual({ median: 3, lowest: 1, highest: 5 });
  });

  it('take each round’s own ratio: a slow minute cancels out', () => {
    expect(ratio([2, 20, 200], [1, 10, 100])).toEqual({ median: 2, lowest: 2, highest: 2 });
    expect(ratio([1, 1, 1], [1, 2, 4]).median).toBe(0.5);
  });

  it('refuse figures of different rounds', () => {
    expect(() => ratio([1, 2], [1])).toThrow('rounds');
  });
});

describe('isConclusive', () => {
  it.each([
    [0.89, false],
    [0.9, true],
    [1, true],
    [1.1, true],
    [1.11, false],
  ])('takes a ratio of %d to itself as %s', (twice, expected) => {
    expect(isConclusive(twice)).toBe(expected);
  });
});

describe('schedstatMicroseconds', () => {
  it('reads the first field, nanoseconds on a processor', () => {
    expect(schedstatMicroseconds('123456789 42 17\n')).toBe(123_456.789);
  });

  it.each(['', '12 34', 'a b c', '-1 2 3'])('refuses %j', (text) => {
    expect(() => schedstatMicroseconds(text)).toThrow('schedstat');
  });
});

describe('usedBetween', () => {
  it('adds what each process used, one that is new from its beginning, and nothing of one that is gone', () => {
    const before = new Map([
      [1, 100],
      [2, 50],
      [3, 1_000],
    ]);
    const after = new Map([
      [1, 130],
      [2, 50],
      [4, 7],
    ]);

    expect(usedBetween(before, after)).toBe(37);
  });
});

describe('rotated', () => {
  it('lets another one begin each round, and each take part once', () => {
    expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  });
});
