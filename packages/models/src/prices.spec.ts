import { describe, expect, it } from '@jest/globals';
import { costMicroUsd, listPrices, priceOf } from './prices.js';

describe('priceOf', () => {
  it('knows a model by its name and by its dated name', () => {
    expect(priceOf('gpt-4.1-mini', listPrices)).toEqual({ input: 400_000, cachedInput: 100_000, output: 1_600_000 });
    expect(priceOf('gpt-4.1-mini-2025-04-14', listPrices)).toBe(listPrices['gpt-4.1-mini']);
  });

  it('does not guess', () => {
    expect(priceOf('gpt-4.1-mini-turbo', listPrices)).toBeUndefined();
  });
});

describe('costMicroUsd', () => {
  const price = { input: 400_000, cachedInput: 100_000, output: 1_600_000 };

  it.each([
    ['a million each', { input: 1e6, cachedInput: 0, output: 1e6 }, 2_000_000],
    ['cached tokens at their price', { input: 1000, cachedInput: 1000, output: 0 }, 100],
    ['a part of a micro-USD as a whole one', { input: 1, cachedInput: 0, output: 0 }, 1],
    ['nothing for nothing', { input: 0, cachedInput: 0, output: 0 }, 0],
  ])('counts %s', (_name, tokens, expected) => {
    expect(costMicroUsd(price, tokens)).toBe(expected);
  });

  it('is 0 when the price is not known', () => {
    expect(costMicroUsd(undefined, { input: 9, cachedInput: 0, output: 9 })).toBe(0);
  });
});
