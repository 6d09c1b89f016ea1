import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HealthBoard } from '../health.js';
import { openManagementServer, type ManagementServer } from './management-server.js';

let health: HealthBoard;
let server: ManagementServer;
let measured = async () => 'support101_up 1\n';

beforeEach(async () => {
  health = new HealthBoard();
  server = await openManagementServer({ host: '127.0.0.1', port: 0, health, metrics: () => measured() });
});
afterEach(() => server.close());

async function get(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { status: response.status, text: await response.text() };
}

describe('the management port', () => {
  it('tells whether the process lives, and whether its parts do', async () => {
    health.register('database', () => ({ part: 'database', using: 'Postgres', state: 'up' }));
    const well = await get('/health/ready');
    health.register('database', () => Promise.reject(new Error('connection refused')));
    const ill = await get('/health/ready?verbose=1');

    expect(await get('/health/live')).toEqual({ status: 200, text: '{"status":"up"}' });
    expect(well).toMatchObject({ status: 200, text: expect.stringContaining('"status":"up"') });
    expect(ill).toMatchObject({ status: 503, text: expect.stringContaining('connection refused') });
  });

  it('gives metrics as Prometheus reads them', async () => {
    expect(await get('/metrics')).toEqual({ status: 200, text: 'support101_up 1\n' });
  });

  it('says so when they cannot be collected', async () => {
    measured = () => Promise.reject(new Error('no collection'));

    expect(await get('/metrics')).toMatchObject({ status: 500, text: expect.stringContaining('no collection') });
  });

  it('has no other pages', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/health/ready', { method: 'POST' })).status).toBe(404);
    expect((await get('/constructor')).status).toBe(404);
  });

  it('names its variable when the port is taken', async () => {
    const second = openManagementServer({ host: '127.0.0.1', port: server.port, health, metrics: () => measured() });

    await expect(second).rejects.toMatchObject({ problems: [expect.stringMatching(/^MANAGEMENT_PORT: .*EADDRINUSE/)] });
  });
});
