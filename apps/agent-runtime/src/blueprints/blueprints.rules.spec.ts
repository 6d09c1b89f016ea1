import { describe, expect, it } from '@jest/globals';
import { compareVersions, firstDuplicate, newestByName } from './blueprints.rules.js';

describe('compareVersions', () => {
  it.each([
    ['1.2.0', '1.10.0'],
    ['1.0.0', '1.0.1'],
    ['1.9.9', '2.0.0'],
    ['1', '1.0.1'],
  ])('takes %s for older than %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  it('takes missing parts for zero', () => {
    expect(compareVersions('1.0', '1.0.0')).toBe(0);
  });
});

describe('newestByName', () => {
  it('keeps one of each name, sorted by name, whatever the order given', () => {
    const all = [
      { name: 'b', version: '1.0.0' },
      { name: 'a', version: '1.10.0' },
      { name: 'a', version: '1.9.0' },
    ];

    expect(newestByName(all)).toEqual([all[1], all[0]]);
  });
});

describe('firstDuplicate', () => {
  it('names what occurs twice in one version, and only that', () => {
    const a = { name: 'a', version: '1.0.0' };

    expect(firstDuplicate([a, { name: 'a', version: '1.0.1' }])).toBeUndefined();
    expect(firstDuplicate([a, { name: 'b', version: '1.0.0' }, a])).toBe('a 1.0.0');
  });
});
