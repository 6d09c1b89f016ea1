import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataDirectory } from './data-directory.service.js';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'data-directory-'));
});

afterEach(() => {
  rmSync(parent, { recursive: true });
});

describe('DataDirectory', () => {
  it('makes the platform key once and keeps it for its owner only', async () => {
    const path = join(parent, 'data');

    const first = await (await DataDirectory.open(path, { reset: false })).platformKey();
    const second = await (await DataDirectory.open(path, { reset: false })).platformKey();

    expect(first.isNew).toBe(true);
    expect(second).toEqual({ key: first.key, isNew: false });
    expect(statSync(join(path, 'platform-key')).mode & 0o777).toBe(0o600);
  });

  it('makes the key of secrets once, 32 bytes in base64, for its owner only', async () => {
    const path = join(parent, 'data');

    const first = await (await DataDirectory.open(path, { reset: false })).secretsKey();
    const second = await (await DataDirectory.open(path, { reset: false })).secretsKey();

    expect(Buffer.from(first, 'base64')).toHaveLength(32);
    expect(second).toBe(first);
    expect(statSync(join(path, 'secrets-key')).mode & 0o777).toBe(0o600);
  });

  it('forgets everything on reset', async () => {
    const path = join(parent, 'data');
    const first = await (await DataDirectory.open(path, { reset: false })).platformKey();

    const again = await (await DataDirectory.open(path, { reset: true })).platformKey();

    expect(again.isNew).toBe(true);
    expect(again.key).not.toBe(first.key);
  });

  it('leaves a folder alone that is not its own, even on reset', async () => {
    writeFileSync(join(parent, 'thesis.txt'), 'years of work');

    await expect(DataDirectory.open(parent, { reset: true })).rejects.toThrow('not a data directory of Support101');
    expect(statSync(join(parent, 'thesis.txt')).size).toBeGreaterThan(0);
  });

  it('says what to do when the folder cannot be made', async () => {
    writeFileSync(join(parent, 'file'), '');

    await expect(DataDirectory.open(join(parent, 'file', 'data'), { reset: false })).rejects.toThrow('SUPPORT101_DATA_DIR');
  });
});
