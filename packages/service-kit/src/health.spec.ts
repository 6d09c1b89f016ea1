import { describe, expect, it } from '@jest/globals';
import { HealthBoard } from './health.js';

describe('HealthBoard', () => {
  it('is ready with degraded parts and says which', async () => {
    const board = new HealthBoard();
    board.register('database', () => ({ part: 'database', using: 'Postgres', state: 'up' }));
    board.register('events', () => ({ part: 'events', using: 'in process', state: 'degraded', hint: 'set NATS_URL' }));

    const report = await board.report();

    expect(report).toMatchObject({ ready: true, status: 'degraded' });
    expect(report.parts).toHaveLength(2);
  });

  it('is not ready when a part fails or does not answer in time', async () => {
    const board = new HealthBoard();
    board.register('database', () => Promise.reject(new Error('connection refused')));
    board.register('vectors', () => new Promise(() => undefined));

    const report = await board.report(10);

    expect(report).toMatchObject({ ready: false, status: 'down' });
    expect(report.parts.map((part) => part.hint)).toEqual(['connection refused', 'no answer within 10 ms']);
  });

  it('is not ready while draining', async () => {
    const board = new HealthBoard();

    board.drain();

    expect(await board.report()).toMatchObject({ ready: false, status: 'draining' });
  });
});
