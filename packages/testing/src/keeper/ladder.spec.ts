import { describe, expect, it } from '@jest/globals';
import { engines } from './engines.ts';
import { start } from './ladder.ts';
import type { Running } from './programs.ts';

const aServer = (url: string): Running => ({ url, using: 'a fake', stop: async () => undefined });
const anEngine = () => ({ ...engines.redis, variable: 'SUPPORT101_TEST_NO_SUCH_URL' });
const closed = (reason: string) => () => Promise.reject(new Error(reason));

describe('the ladder', () => {
  it('takes the first rung that holds, and that one again', async () => {
    const engine = anEngine();
    const climbed: string[] = [];
    const holds = async () => aServer(`redis://${climbed.push('holds')}`);
    const never = async () => aServer(`redis://${climbed.push('never')}`);

    const first = await start(engine, [closed('no Docker'), holds, never]);
    const second = await start(engine, [never]);

    expect([first.url, second.url]).toEqual(['redis://1', 'redis://2']);
    expect(climbed).toEqual(['holds', 'holds']);
  });

  it('says what was tried and what to install when no rung holds, and tries again next time', async () => {
    const engine = anEngine();

    const failure = start(engine, [closed('no Docker engine answers'), closed('redis-server: not found')]);

    await expect(failure).rejects.toThrow(
      /set SUPPORT101_TEST_NO_SUCH_URL[^]*apt-get install redis-server[^]*no Docker engine answers/,
    );
    await expect(start(engine, [async () => aServer('redis://later')])).resolves.toMatchObject({ url: 'redis://later' });
  });
});
