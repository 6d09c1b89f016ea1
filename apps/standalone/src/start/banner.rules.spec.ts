import { describe, expect, it } from '@jest/globals';
import { bannerLines, partsTable } from './banner.rules.js';

const parts = [
  { part: 'database', using: 'embedded Postgres 18', state: 'degraded', hint: 'DATABASE_URL' },
  { part: 'events', using: 'NATS', state: 'up' },
] as const;
const banner = {
  url: 'http://127.0.0.1:4100',
  readySeconds: 3.21,
  parts,
  demo: { key: 's101_demo', agentId: 'agt_1' },
  newPlatformKey: 'secret-platform-key',
  dataDirectory: '/data',
  portNote: undefined,
};

describe('partsTable', () => {
  it('aligns its columns and leaves no trailing blanks', () => {
    expect(partsTable(parts)).toEqual([
      '  need      using now             state     to change',
      '  database  embedded Postgres 18  degraded  DATABASE_URL',
      '  events    NATS                  up',
    ]);
  });
});

describe('bannerLines', () => {
  it('shows address, docs, table, keys and a line to try', () => {
    const text = bannerLines(banner).join('\n');

    expect(text).toContain('http://127.0.0.1:4100/docs');
    expect(text).toContain('secret-platform-key');
    expect(text).toContain("curl -s http://127.0.0.1:4100/v1/agents/agt_1/execute -H 'Authorization: Bearer s101_demo'");
  });

  it('does not show a platform key that was made before, and no demo lines without a demo', () => {
    const text = bannerLines({
      ...banner,
      newPlatformKey: undefined,
      demo: undefined,
      portNote: 'Port 4100 is taken: using 4101',
    }).join('\n');

    expect(text).not.toContain('curl');
    expect(text).not.toContain('secret-platform-key');
    expect(text).toContain('Port 4100 is taken: using 4101');
  });
});
