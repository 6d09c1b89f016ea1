import { describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { SecretBox } from './secret-box.js';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const owner = { tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId, sourceId: 'src_1', version: 1 };
const other: TenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2';

describe('SecretBox', () => {
  it('opens what it sealed, and shows nothing of it while sealed', () => {
    const box = new SecretBox(key(1));

    const sealed = box.seal(owner, 'geheim €');

    expect(box.open(owner, sealed)).toBe('geheim €');
    expect(Buffer.from(sealed.sealed).toString('latin1')).not.toContain('geheim');
    expect(box.seal(owner, 'geheim €').sealed).not.toEqual(sealed.sealed);
    expect(sealed.keyId).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each([
    ['another tenant', { ...owner, tenantId: other }],
    ['another source', { ...owner, sourceId: 'src_2' }],
    ['another version', { ...owner, version: 2 }],
  ])('does not open for %s', (_, stranger) => {
    const box = new SecretBox(key(1));
    const sealed = box.seal(owner, 'x');

    expect(() => box.open(stranger, sealed)).toThrow(/unable to authenticate|authentication tag|initialization vector/);
  });

  it('does not open what was altered or cut', () => {
    const box = new SecretBox(key(1));
    const { keyId, sealed } = box.seal(owner, 'secret');
    const altered = Uint8Array.from(sealed, (byte, index) => (index === 14 ? byte ^ 1 : byte));

    expect(() => box.open(owner, { keyId, sealed: altered })).toThrow(
      /unable to authenticate|authentication tag|initialization vector/,
    );
    expect(() => box.open(owner, { keyId, sealed: sealed.subarray(0, -1) })).toThrow(
      /unable to authenticate|authentication tag|initialization vector/,
    );
    expect(() => box.open(owner, { keyId, sealed: new Uint8Array(0) })).toThrow(
      /unable to authenticate|authentication tag|initialization vector/,
    );
  });

  it('seals with the first key and opens with all: keys can be changed', () => {
    const before = new SecretBox(key(1)).seal(owner, 'old');
    const both = new SecretBox(`${key(2)}, ${key(1)}`);

    expect(both.open(owner, before)).toBe('old');
    expect(new SecretBox(key(2)).open(owner, both.seal(owner, 'new'))).toBe('new');
    expect(() => new SecretBox(key(2)).open(owner, before)).toThrow(before.keyId);
  });

  it.each(['', 'short', Buffer.alloc(31).toString('base64'), Buffer.alloc(32).toString('hex'), `${key(1)},`])(
    'refuses the key %j',
    (text) => {
      expect(() => new SecretBox(text)).toThrow('SUPPORT101_SECRETS_KEY');
    },
  );
});
