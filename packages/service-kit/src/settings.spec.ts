import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { engineSettings, parseSettings } from './settings.js';

const schema = z.object({
  PORT: z.coerce.number().int().min(1).max(65_535).default(4100),
  KEY: z.string().min(8),
  ...engineSettings,
});

describe('parseSettings', () => {
  it('gives defaults, coerces, and freezes', () => {
    const settings = parseSettings(schema, { KEY: 'long enough', PORT: '' });

    expect(settings).toMatchObject({ PORT: 4100, KEY: 'long enough', LOG_LEVEL: 'info' });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('names every problem at once', () => {
    const read = () => parseSettings(schema, { PORT: '70000', DATABASE_URL: 'mysql://x' });

    expect(read).toThrow(
      expect.objectContaining({
        name: 'SettingsError',
        problems: [expect.stringMatching(/^PORT: /), expect.stringMatching(/^KEY: /), expect.stringMatching(/^DATABASE_URL: /)],
      }),
    );
  });

  it('reads a secret from a file, and says so when it cannot', () => {
    const directory = mkdtempSync(join(tmpdir(), 'settings-'));
    const file = pathToFileURL(join(directory, 'key'));
    writeFileSync(file, 'from the file\n');

    expect(parseSettings(schema, { KEY: file.href }).KEY).toBe('from the file');
    rmSync(directory, { recursive: true });
    expect(() => parseSettings(schema, { KEY: file.href })).toThrow('KEY: the file it points to cannot be read');
  });
});
