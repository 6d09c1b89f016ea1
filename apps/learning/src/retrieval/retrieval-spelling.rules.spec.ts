import { describe, expect, it } from '@jest/globals';
import { corrected, slipsBetween, WordTable } from './retrieval-spelling.rules.js';

const table = (...words: string[]) => {
  const made = new WordTable();
  for (const word of words) made.add(word);
  return made;
};
const tenant = table('password', 'parcel', 'mossbright', 'refund', 'order', 'planter');
const known = new Set(['how', 'reset', 'rent', 'friend', 'from', 'sent']);
const dictionary = { common: table('friend', 'sent'), knows: (word: string) => known.has(word) };
const fix = (question: string) => corrected(question, tenant, dictionary);

describe('corrected', () => {
  it.each([
    ['how to reset my pasword', 'how to reset my password'],
    ['parcle from mosbright', 'parcel from mossbright'],
    ['my freind', 'my friend'],
    ['oder', 'order'],
    ['REFUDN', 'refund'],
  ])('reads %j as %j', (written, meant) => {
    expect(fix(written)).toBe(meant);
  });

  it.each(['rent', 'planters', 'reset?', "can't", 'xyz', 'zxqwvbnm', 'über', 'sent to Oder', '12345'])(
    'leaves %j as it is',
    (text) => {
      expect(fix(text)).toBe(text);
    },
  );

  it('prefers the word that the tenant uses', () => {
    expect(corrected('plantr', table('planter'), { common: table('plants'), knows: () => false })).toBe('planter');
  });

  it('does not wear itself out: of many misspelt words it looks at the first few', () => {
    const question = Array.from({ length: 300 }, () => 'passwrod').join(' ');

    const words = fix(question).split(' ');

    expect(words[0]).toBe('password');
    expect(words.filter((word) => word === 'password').length).toBeLessThan(50);
    expect(words.at(-1)).toBe('passwrod');
  });
});

describe('WordTable', () => {
  it('forgets a word when every article that used it is gone', () => {
    const words = table('planter', 'planter');

    words.remove('planter');
    expect(words.count('planter')).toBe(1);
    words.remove('planter');
    words.remove('never-there');

    expect(words.count('planter')).toBe(0);
    expect([...words.near('plantr', 2)]).toEqual([]);
  });
});

describe('slipsBetween', () => {
  it.each([
    ['order', 'order', 0],
    ['oder', 'order', 1],
    ['parcle', 'parcel', 1],
    ['adress', 'address', 1],
    ['cat', 'dog', 3],
  ])('%s to %s takes %i', (from, to, slips) => {
    expect(slipsBetween(from, to, 3)).toBe(slips);
  });

  it('stops counting beyond the most', () => {
    expect(slipsBetween('aaaaaaaa', 'bbbbbbbb', 2)).toBe(3);
  });
});
