import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as rules from './api-keys.rules.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const parts = fc.record({ publicId: bytes(8), secret: bytes(32) }).map(rules.keyParts);
const now = new Date('2026-11-22T12:00:00Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);

describe('the form of a key', () => {
  it('gives its parts back, whatever the bytes', () => {
    fc.assert(fc.property(parts, (made) => expect(rules.readKey(rules.formatKey(made))).toEqual(made)));
  });

  it('keeps all 256 bits of the secret: different bytes, different text', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (one, other) => {
        const publicId = new Uint8Array(8);
        const equal = Buffer.from(one).equals(other);

        expect(rules.keyParts({ publicId, secret: one }).secret === rules.keyParts({ publicId, secret: other }).secret).toBe(
          equal,
        );
      }),
    );
  });

  it('ends in the CRC-32 that zip uses', () => {
    fc.assert(
      fc.property(parts, (made) => {
        const key = rules.formatKey(made);
        const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
        const value = Array.from(key.slice(-6)).reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);

        expect(value).toBe(crc32(key.slice(0, -6)));
      }),
    );
  });

  it('shows a single mistyped character', () => {
    fc.assert(
      fc.property(parts, fc.nat(65), fc.constantFrom('0', '9', 'A', 'z', '_', '-', ' '), (made, at, character) => {
        const key = rules.formatKey(made);
        const mistyped = key.slice(0, at) + character + key.slice(at + 1);

        fc.pre(mistyped !== key);
        expect(rules.readKey(mistyped)).toBeUndefined();
      }),
    );
  });

  it.each(['', 's101_', 's101_a_b', '\u0000'.repeat(66), `${'é'.repeat(33)}${'x'.repeat(33)}`, 'x'.repeat(10_000_000)])(
    'is not that of the %#. bad input',
    (presented) => {
      expect(rules.readKey(presented)).toBeUndefined();
    },
  );

  it('refuses whitespace around a good key', () => {
    const key = rules.formatKey(rules.keyParts({ publicId: new Uint8Array(8), secret: new Uint8Array(32) }));

    expect(rules.readKey(`${key}\n`)).toBeUndefined();
    expect(rules.readKey(` ${key}`)).toBeUndefined();
  });
});

describe('the status of a key', () => {
  it.each([
    [null, null, 'active'],
    [later(1), null, 'active'],
    [now, null, 'expired'],
    [later(-1), null, 'expired'],
    [later(1), later(-1), 'revoked'],
    [later(-1), later(-1), 'revoked'],
  ] as const)('expiring %s, revoked %s: %s', (expiresAt, revokedAt, expected) => {
    expect(rules.keyStatus({ expiresAt, revokedAt }, now)).toBe(expected);
  });
});

describe('guards', () => {
  it('refuse one key more than a tenant may have', () => {
    expect(() => rules.checkRoom(rules.maxActiveKeys)).toThrow(expect.objectContaining({ code: 'limit_exceeded' }));
    expect(() => rules.checkRoom(rules.maxActiveKeys - 1)).not.toThrow();
  });

  it('refuse an expiry now or earlier', () => {
    expect(() => rules.checkExpiry(now, now)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
    expect(() => rules.checkExpiry(later(1), now)).not.toThrow();
    expect(() => rules.checkExpiry(null, now)).not.toThrow();
  });
});

describe('making a key', () => {
  const by = (type: 'key' | 'user' | 'agent' | 'platform' | 'service', ...roles: string[]) => ({ type, id: 'x', roles });

  it.each([
    [by('key', 'admin'), ['admin', 'viewer'], true],
    [by('key', 'operator'), ['operator', 'viewer'], true],
    [by('key', 'reviewer', 'operator'), ['reviewer'], true],
    [by('key', 'operator'), ['reviewer'], true],
    [by('key', 'reviewer'), ['operator'], false],
    [by('key', 'viewer'), ['viewer', 'admin'], false],
    [by('user', 'viewer'), ['reviewer'], false],
    [by('agent'), ['viewer'], false],
    [by('key', 'platform', 'constructor'), ['viewer'], false],
    [by('platform'), ['admin'], true],
    [by('service'), ['admin'], true],
  ] as const)('by %j of %j: %s', (principal, roles, expected) => {
    const outcome = () => rules.checkMayMake({ ...principal, roles: [...principal.roles] }, roles);

    if (expected) expect(outcome).not.toThrow();
    else expect(outcome).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
});

describe('rotation', () => {
  const key = { expiresAt: null, revokedAt: null, rotatedAt: null };

  it('ends the old key after the grace', () => {
    expect(rules.endAfterGrace(key, 0, now)).toEqual(now);
    expect(rules.endAfterGrace(key, 60, now)).toEqual(later(60));
  });

  it('never lengthens the life of the old key', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 0, max: 604_800 }), (left, grace) => {
        const end = rules.endAfterGrace({ ...key, expiresAt: later(left) }, grace, now);

        expect(end.getTime()).toBe(later(Math.min(left, grace)).getTime());
      }),
    );
  });

  it.each([
    ['revoked', { ...key, revokedAt: later(-1) }],
    ['expired', { ...key, expiresAt: now }],
    ['already replaced', { ...key, rotatedAt: later(-1), expiresAt: later(60) }],
  ])('refuses a key that is %s', (_state, old) => {
    expect(() => rules.endAfterGrace(old, 60, now)).toThrow(expect.objectContaining({ code: 'api_key_inactive' }));
  });
});

describe('roles', () => {
  it('are kept once each', () => {
    expect(rules.distinct(['viewer', 'admin', 'viewer'])).toEqual(['viewer', 'admin']);
  });
});
