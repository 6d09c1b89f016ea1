import { describe, expect, it } from '@jest/globals';
import { bearerCredential, looksLikeTenantKey, rememberUntil } from './authentication.rules.js';

describe('bearerCredential', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer   abc', 'abc'],
    ['Bearer abc ', undefined],
    ['Bearer a b', undefined],
    ['Bearer', undefined],
    ['Bearer ä', undefined],
    ['Basic abc', undefined],
    ['abc', undefined],
    [undefined, undefined],
    [`Bearer ${'a'.repeat(513)}`, undefined],
  ])('%j gives %j', (header, expected) => {
    expect(bearerCredential(header)).toBe(expected);
  });
});

describe('looksLikeTenantKey', () => {
  it.each([
    ['s101_0123456789abcdefGHIJ', true],
    ['S101_0123456789abcdefGHIJ', false],
    ['s101_short', false],
    [`s101_${'a'.repeat(201)}`, false],
    ['s101_0123456789abcdef/../', false],
  ])('%s: %s', (credential, expected) => {
    expect(looksLikeTenantKey(credential)).toBe(expected);
  });
});

describe('rememberUntil', () => {
  it('ends with the cache time, or with the key if that is earlier', () => {
    const now = Date.parse('2026-11-22T10:00:00.000Z');

    expect(rememberUntil(now, 5_000, undefined)).toBe(now + 5_000);
    expect(rememberUntil(now, 5_000, '2026-11-22T10:00:02.000Z')).toBe(now + 2_000);
    expect(rememberUntil(now, 5_000, '2027-11-22T10:00:02.000Z')).toBe(now + 5_000);
  });
});
