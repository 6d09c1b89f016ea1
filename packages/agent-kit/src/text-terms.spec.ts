import { describe, expect, it } from '@jest/globals';
import { coverage, respell, terms, weighBy } from './text-terms.js';

describe('terms', () => {
  it.each([
    ['How do I reset my password?', ['reset', 'password']],
    ['**Passwords** & logins', ['password', 'login']],
    ['I can’t sign in to it', ['login']],
    ['Signing in, logged in, log-in', ['login', 'login', 'login']],
    ['Where is my money back?', ['refund']],
    ['I don’t remember the naïve café', ['forget', 'naiv', 'cafe']],
    ['Turn it off, switch on', ['disabl', 'enabl']],
    ['my customer’s 2 parcels', ['custom', '2', 'parcel']],
    ['how are you?', []],
  ])('%s', (text, expected) => {
    expect(terms(text)).toEqual(expected);
  });
});

describe('respell', () => {
  const vocabulary = new Set(['password', 'cancel', 'order', 'membership', 'plan']);

  it.each([
    ['pasword', 'password'],
    ['passwrod', 'password'],
    ['cancle', 'cancel'],
    ['memebershp', 'membership'],
    ['odrer', 'order'],
    ['plna', 'plna'],
    ['border', 'border'],
    ['order', 'order'],
    ['parcel', 'parcel'],
  ])('%s: %s', (given, expected) => {
    expect(respell([given], vocabulary)).toEqual([expected]);
  });
});

describe('coverage', () => {
  it('is the part of the question that the text has', () => {
    expect(coverage('reset my password', 'Choose a new password')).toBe(0.5);
    expect(coverage('reset my password', 'How passwords are reset')).toBe(1);
    expect(coverage('reset my password', 'Parcels')).toBe(0);
  });

  it('counts rare terms more', () => {
    const weigh = weighBy(['Open Orders', 'Open Settings', 'Open Refills']);

    expect(coverage('open settings', 'Settings', weigh)).toBeGreaterThan(0.6);
    expect(coverage('open settings', 'Open', weigh)).toBeLessThan(0.4);
  });

  it('takes a misspelt word for what it is meant to be', () => {
    expect(coverage('forgoten pasword', 'A forgotten password')).toBe(1);
  });

  it('is complete for a question without terms', () => {
    expect(coverage('how?', 'anything')).toBe(1);
  });
});
