import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SettingsError, type ProcessSettings } from '../settings.js';
import { runProcess, type ProcessContext } from './run-process.js';

const settings: ProcessSettings = {
  NATS_URL: 'nats://127.0.0.1:1',
  HOST: '127.0.0.1',
  MANAGEMENT_PORT: 0,
  LOG_LEVEL: 'fatal',
  OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
};
const complaints: string[] = [];
const listeners = { SIGINT: process.listeners('SIGINT'), SIGTERM: process.listeners('SIGTERM') };

beforeEach(() => {
  complaints.length = 0;
  jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => complaints.push(String(chunk)) > 0);
});

afterEach(() => {
  jest.restoreAllMocks();
  // A process that failed to start never took its signals off.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    for (const listener of process.listeners(signal)) {
      if (!listeners[signal].includes(listener)) process.removeListener(signal, listener);
    }
  }
});

const run = (start: (context: ProcessContext) => Promise<void>) =>
  runProcess({ name: 'demo', settings: () => settings, start: (_settings, context) => start(context) });

describe('a process', () => {
  it('ends with 78 and names every variable that is wrong', async () => {
    const code = await runProcess({
      name: 'demo',
      settings: () => {
        throw new SettingsError(['NATS_URL: missing', 'PORT: too high']);
      },
      start: async () => undefined,
    });

    expect(code).toBe(78);
    expect(complaints.join('')).toMatch(/NATS_URL: missing[^]*PORT: too high/);
  });

  it('ends with 78 when a server that is set cannot be used, and closes what it had opened, last first', async () => {
    const closed: string[] = [];

    const code = await run(async ({ onClose }) => {
      onClose(async () => void closed.push('first'));
      onClose(async () => void closed.push('second'));
      throw new SettingsError(['REDIS_URL: nobody answers']);
    });

    expect(code).toBe(78);
    expect(closed).toEqual(['second', 'first']);
  });

  it('ends with 1 and the place when it cannot start otherwise', async () => {
    const code = await run(async () => {
      throw new Error('a bug');
    });

    expect(code).toBe(1);
    expect(complaints.join('')).toMatch(/demo: Error: a bug\n\s+at /);
  });

  it('closes the rest when one thing does not close', async () => {
    const closed: string[] = [];

    const code = await run(async ({ onClose }) => {
      onClose(async () => void closed.push('first'));
      onClose(() => Promise.reject(new Error('stuck')));
      throw new SettingsError([]);
    });

    expect([code, closed]).toEqual([78, ['first']]);
  });

  it('is ready when its start is done, and not any more once it is told to stop', async () => {
    const seen: Record<string, unknown> = {};

    const code = await run(async ({ health, onClose }) => {
      seen['starting'] = await health.report();
      onClose(async () => void (seen['closing'] = await health.report()));
      setImmediate(() => {
        void health.report().then((report) => {
          seen['started'] = report;
          process.emit('SIGTERM');
        });
      });
    });

    expect(code).toBe(0);
    expect(seen).toMatchObject({
      starting: { ready: false, status: 'down' },
      started: { ready: true, status: 'up' },
      closing: { ready: false, status: 'draining' },
    });
  });
});
