import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, nats, type TestServer } from '@support101/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../messaging-log.js';
import { NatsLease } from './nats-lease.js';
import { NatsLink } from './nats-link.js';
import { ensureStreams, leaseSubject, streamNames } from './nats-streams.js';

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

/** A lease and what it told, with when it did. */
function watch(name: string): { lease: NatsLease; told: string[] } {
  const told: string[] = [];
  const lease = new NatsLease(link, name, {
    onHeld: () => told.push('held'),
    onLost: () => told.push('lost'),
    onTaken: () => told.push('taken'),
    ready: () => true,
  });
  leases.push(lease);
  return { lease, told };
}

describe('NatsLease', () => {
  it('knows how old the sign of a dead holder is when it begins to watch', async () => {
    const name = randomUUID();
    await lastSignFor(name);
    await sleep(4_100);
    const { lease } = watch(name);

    await lease.start();

    expect(lease.held).toBe(true);
  }, 20_000);

  it('never takes a sign for older than it is', async () => {
    const name = randomUUID();
    const { after } = await lastSignFor(name);
    const { lease } = watch(name);

    await lease.start();
    await eventually(() => lease.held);

    expect(performance.now() - after).toBeGreaterThanOrEqual(4_000);
  }, 20_000);

  it('is there at once where the one before let it go', async () => {
    const name = randomUUID();
    const [before, after] = [watch(name), watch(name)];
    await before.lease.start();
    await before.lease.close();

    await after.lease.start();

    expect([before.told, after.told]).toEqual([['held'], ['held']]);
  });

  it('is over when its time is, even for a process that stood still and could not be told', async () => {
    const { lease, told } = watch(randomUUID());
    await lease.start();

    const until = performance.now() + 3_100;
    while (performance.now() < until);

    expect([lease.held, told]).toEqual([false, ['held']]);
    // Nobody else took it meanwhile.
    await eventually(() => lease.held);
    expect(told).toEqual(['held', 'lost', 'held']);
  }, 20_000);

  it('is lost to who wrote after it, and stays through the loss of what the server keeps in memory', async () => {
    const name = randomUUID();
    const { lease, told } = watch(name);
    await lease.start();
    const subject = leaseSubject(name);
    const signs = async () => (await link.jsm.streams.getMessage(streamNames.leases, { last_by_subj: subject }))?.seq ?? 0;
    const first = await signs();

    await link.jsm.streams.purge(streamNames.leases);
    await eventually(async () => (await signs()) > first);
    expect(told).toEqual(['held']);

    await lastSignFor(name);
    await eventually(() => told.includes('taken'));
    expect([lease.held, told.slice(0, 3)]).toEqual([false, ['held', 'lost', 'taken']]);
  }, 20_000);
});
