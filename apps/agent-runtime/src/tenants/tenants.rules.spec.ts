import { describe, expect, it } from '@jest/globals';
import { mayUse, standing } from './tenants.rules.js';

describe('standing', () => {
  it.each([
    [undefined, 'unknown'],
    [0, 'fresh'],
    [5_000, 'fresh'],
    [5_001, 'usable'],
    [60_000, 'usable'],
    [60_001, 'unknown'],
    [-1, 'unknown'],
  ])('of knowledge %p ms old is %s', (age, expected) => {
    expect(standing(age)).toBe(expected);
  });
});

describe('mayUse', () => {
  it('allows everything when nothing is listed, else only what is', () => {
    expect(mayUse([], 'support_agent')).toBe(true);
    expect(mayUse(['support_agent'], 'support_agent')).toBe(true);
    expect(mayUse(['support_agent'], 'triage')).toBe(false);
  });
});
