import { describe, expect, it } from '@jest/globals';
import { changedParts, checkChange, checkRoom, checkSecret, checkVersion, maxSources, secretText } from './sources.rules.js';
import { secretProblem } from './sources-secret.rules.js';

const input = { sourceId: 'src_01jd5m6wz5f9r8x2k3c4v7b6n1', graceSeconds: 0 } as const;
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a tenant', () => {
  it('has room for so many sources and no more', () => {
    expect(() => checkRoom(maxSources - 1)).not.toThrow();
    expect(() => checkRoom(maxSources)).toThrow(code('limit_exceeded'));
  });
});

describe('a change', () => {
  it('names what it changes, and not what stays', () => {
    const row = { name: 'Desk', enabled: true };

    expect(changedParts(row, { ...input, name: 'Desk', enabled: true })).toEqual([]);
    expect(changedParts(row, { ...input, name: 'Shop', enabled: false, rotateSecret: true })).toEqual([
      'name',
      'enabled',
      'secret',
    ]);
    expect(changedParts(row, { ...input, secret: 'x' })).toEqual(['secret']);
    expect(changedParts(row, { ...input, rotateSecret: false })).toEqual([]);
  });

  it('brings one secret at most', () => {
    expect(() => checkChange({ ...input, secret: 'x', rotateSecret: true })).toThrow(code('validation_failed'));
    expect(() => checkChange({ ...input, secret: 'x', rotateSecret: false })).not.toThrow();
  });

  it('is of the version that was read', () => {
    expect(() => checkVersion({ version: 2 }, 1)).toThrow(code('version_mismatch'));
    expect(() => checkVersion({ version: 2 }, 2)).not.toThrow();
    expect(() => checkVersion({ version: 2 }, undefined)).not.toThrow();
  });
});

describe('a secret', () => {
  it('that is made can be used', () => {
    expect(secretProblem('generic', secretText(new Uint8Array(32).fill(255)))).toBeUndefined();
  });

  it('that cannot be used is named', () => {
    expect(() => checkSecret('generic', 'no standard webhooks')).toThrow(code('validation_failed'));
    expect(() => checkSecret('jira', 'no standard webhooks')).not.toThrow();
  });
});
