import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, redis, type TestServer, Wire } from '@support101/testing';
import { RedisConnection } from './redis-connection.js';

let server: TestServer;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  server = await redis();
});
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});
afterAll(() => server?.close());

function connectionTo(url: string): RedisConnection {
  const connection = new RedisConnection(url, { commandTimeout: 1_000 });
  open.push(connection);
  return connection;
}

describe('a connection to Redis', () => {
  it('fails at once while Redis is away, says so, and comes back by itself', async () => {
    const wire = await Wire.lay(server.url);
    open.push(wire);
    const connection = connectionTo(wire.url);
    await connection.connected(5_000);
    let losses = 0;
    connection.redis.on('close', () => (losses += 1));

    wire.cut();
    await eventually(() => !connection.up);
    const during = await connection.redis.ping().catch((error: unknown) => error);
    const { outage } = connection;
    wire.mend();
    await eventually(() => connection.up);

    expect(losses).toBeGreaterThan(0);
    expect(during).toBeInstanceOf(Error);
    expect(outage).toContain(`Redis does not answer at ${connection.address}`);
    expect(await connection.redis.ping()).toBe('PONG');
    expect(connection.lastError).toBeUndefined();
  });

  it('to nowhere is given up in time; the error names the server and the reason, but no password', async () => {
    const connecting = connectionTo('redis://ann:secret@127.0.0.1:1').connected(200);

    const error = (await connecting.catch((reason: unknown) => reason)) as Error;
    expect(error.message).toBe('Redis does not answer at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1');
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('that is closed tells nobody of a loss', async () => {
    const connection = connectionTo(server.url);
    await connection.connected(5_000);
    const told: string[] = [];
    connection.redis.on('close', () => told.push('lost'));
    const ended = new Promise((resolve) => connection.redis.once('end', resolve));

    connection.close();
    await ended;

    expect(told).toEqual([]);
  });
});
