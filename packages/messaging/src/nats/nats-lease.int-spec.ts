import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, nats, type TestServer } from '@support101/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../messaging-log.js';
import { NatsLease } from './nats-lease.js';
import { NatsLink } from './nats-link.js';
import { ensureStreams, leaseSubject } from './nats-streams.js';

let server: TestServer;
let link: NatsLink;
const leases: NatsLease[] = [];

beforeAll(async () => {
  server = await nats();
  link = await NatsLink.open({ url: server.url, name: 'test' }, silentLog);
  await ensureStreams(link.jsm, 1);
});
afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.close()));
});
afterAll(async () => {
  await link.nc.close();
  await server.close();
});

/** What a holder leaves that is killed, and a moment of this process' clock before that sign. */
async function lastSignFor(name: string): Promise<{ after: number }> {
  const after = performance.now();
  await link.js.publish(leaseSubject(name), 'a holder that was killed');
  return { after };
}

/** A lease and when its holder before gave its last sign, as far as it was told. */
function watch(name: string): { lease: NatsLease; told: (number | undefined)[] } {
  const told: (number | undefined)[] = [];
  const lease = new NatsLease(link, name, (lastSignAt) => told.push(lastSignAt));
  leases.push(lease);
  return { lease, told };
}

describe('NatsLease', () => {
  it('knows how old the sign of a dead holder is when it begins to watch', async () => {
    const name = randomUUID();
    const sign = await lastSignFor(name);
    await sleep(4_100);
    const begunAt = performance.now();
    const { lease, told } = watch(name);

    await lease.start();

    // It is old enough at the first look, and what is counted from it began as long before.
    expect(lease.held).toBe(true);
    expect(told).toEqual([expect.any(Number)]);
    expect(told[0]).toBeLessThan(begunAt);
    expect(told[0]).toBeGreaterThanOrEqual(sign.after);
  }, 20_000);

  it('never takes a sign for older than it is', async () => {
    const name = randomUUID();
    const sign = await lastSignFor(name);
    const { lease, told } = watch(name);

    await lease.start();
    await eventually(() => lease.held);

    expect(told[0]).toBeGreaterThanOrEqual(sign.after);
  }, 20_000);

  it('has nobody to wait for where the one before let it go', async () => {
    const name = randomUUID();
    const [before, after] = [watch(name), watch(name)];
    await before.lease.start();
    await before.lease.close();

    await after.lease.start();

    expect([before.told, after.told]).toEqual([[undefined], [undefined]]);
  });
});
