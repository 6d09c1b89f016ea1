import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import type { Activity } from '@support101/contracts/learning';
import { createLog, newId } from '@support101/service-kit';
import { eventually, redis } from '@support101/testing';
import { Redis } from 'ioredis';
import { ActivityMemory } from './activity-memory.client.js';
import { ActivityRedis } from './activity-redis.client.js';
import { type ActivityStream, entryOf, keptEntries, lineOf } from './activity-stream.rules.js';

const log = createLog({ name: 'test', level: 'fatal' });
let server: { url: string; close(): Promise<void> };
const opened: ActivityStream[] = [];

function entry(second: number, over: Partial<Activity> = {}): Activity {
  return {
    ...{ eventId: newId('evt'), type: 'agent-runtime.runs.started.v1', resource: 'run:1', outcome: 'success' },
    ...{ principal: { type: 'key', id: 'key_1' }, runId: newId('run'), agentId: newId('agt'), requestId: null },
    ...{ summary: 'A run was accepted', happenedAt: new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString(), ...over },
  };
}

async function filled(stream: ActivityStream, entries: Activity[] = []): Promise<TenantId> {
  const tenantId = newId('ten');
  await stream.begin(tenantId);
  await stream.fill(tenantId, entries);
  return tenantId;
}

/** A Redis stream that has connected. */
async function openRedis(start = true): Promise<ActivityRedis> {
  const stream = new ActivityRedis({ url: server.url, log, reclaimAfterMs: 300 });
  opened.push(stream);
  await eventually(() => expect(stream.health().state).toBe('up'));
  if (start) stream.start();
  return stream;
}

beforeAll(async () => {
  server = await redis();
}, 60_000);

afterEach(async () => {
  await Promise.all(opened.splice(0).map((stream) => stream.close()));
});

afterAll(async () => {
  await server?.close();
});

const drivers = [
  ['memory', () => Promise.resolve<ActivityStream>(new ActivityMemory())],
  ['Redis', (): Promise<ActivityStream> => openRedis()],
] as const;

describe.each(drivers)('the activity stream in %s', (_name, open) => {
  let stream: ActivityStream;

  beforeEach(async () => {
    stream = await open();
  });

  /** The tail once it has this entry in front. */
  const newest = (tenantId: TenantId, front: Activity, limit = 100) =>
    eventually(async () => {
      const found = await stream.newest(tenantId, limit);
      if (found?.[0]?.eventId !== front.eventId) throw new Error(`not in front yet: ${front.eventId}`);
      return found;
    });

  it('tells nothing of a tenant before it was filled, whatever was appended', async () => {
    const tenantId = newId('ten');

    await stream.append(tenantId, entry(1));
    await stream.fill(tenantId, [entry(2)]);
    expect(await stream.newest(tenantId, 10)).toBeUndefined();
    await stream.begin(tenantId);

    expect(await stream.newest(tenantId, 10)).toBeUndefined();
  });

  it('has what was filled and what was appended since the beginning, once, the newest first', async () => {
    const [tenantId, same] = [newId('ten'), [entry(5), entry(5)]];
    const [between, later, late] = [entry(3), entry(9), entry(1)];
    await stream.begin(tenantId);
    await stream.append(tenantId, between);
    await stream.begin(tenantId);

    await stream.fill(tenantId, [...same, between]);
    for (const one of [late, between, later, later]) await stream.append(tenantId, one);

    const inOneMoment = same.toSorted((a, b) => (a.eventId < b.eventId ? 1 : -1));
    expect(await newest(tenantId, later)).toEqual([later, ...inOneMoment, between, late]);
    expect(await newest(tenantId, later, 1)).toEqual([later]);
  });

  it('keeps so many and no more, and only of their own tenant', async () => {
    const entries = Array.from({ length: keptEntries }, (_, n) => entry(n)).toReversed();
    const [acme, globex] = [await filled(stream, entries), await filled(stream)];
    const newer = entry(keptEntries);

    await stream.append(acme, newer);

    expect(await newest(acme, newer, 1_000)).toEqual([newer, ...entries.slice(0, -1)]);
    expect(await stream.newest(globex, 10)).toEqual([]);
  });

  it('forgets a tenant', async () => {
    const tenantId = await filled(stream, [entry(1)]);

    await stream.forget(tenantId);

    expect(await stream.newest(tenantId, 10)).toBeUndefined();
  });
});

describe('the activity stream in Redis', () => {
  let client: Redis;

  beforeEach(() => {
    client = new Redis(server.url);
  });

  afterEach(() => {
    client.disconnect();
  });

  const pending = async () => ((await client.xpending('s101:learning:activity:log', 'tails')) as [number])[0];

  it('is one for all replicas, and whoever took an entry acknowledges it', async () => {
    const [one, other] = [await openRedis(), await openRedis()];
    const tenantId = await filled(one);
    const entries = Array.from({ length: 60 }, (_, n) => entry(n));

    for (const each of entries) await (each.runId === null ? other : one).append(tenantId, each);

    await eventually(async () => expect(await other.newest(tenantId, 100)).toEqual(entries.toReversed()));
    await eventually(async () => expect(await pending()).toBe(0));
  });

  it('takes over what a replica that died had been given', async () => {
    const first = await openRedis();
    const tenantId = await filled(first);
    await first.close();
    const writer = await openRedis(false);
    const lost = entry(1);
    await writer.append(tenantId, lost);
    await client.xreadgroup('GROUP', 'tails', 'dead', 'COUNT', 10, 'STREAMS', 's101:learning:activity:log', '>');
    expect(await pending()).toBe(1);

    writer.start();

    await eventually(async () => expect(await writer.newest(tenantId, 10)).toEqual([lost]), 10_000);
    expect(await pending()).toBe(0);
  });

  it('knows nothing after Redis was wiped, and goes on after it was filled again', async () => {
    const stream = await openRedis();
    const tenantId = await filled(stream, [entry(1)]);

    await client.flushall();
    expect(await stream.newest(tenantId, 10)).toBeUndefined();
    await stream.begin(tenantId);
    await stream.fill(tenantId, []);
    const next = entry(2);
    await stream.append(tenantId, next);

    await eventually(async () => expect(await stream.newest(tenantId, 10)).toEqual([next]), 10_000);
  });

  it('makes every tail void after it could not take an entry', async () => {
    const stream = await openRedis();
    const tenantId = await filled(stream, [entry(1)]);
    expect(await stream.newest(tenantId, 10)).toHaveLength(1);
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await stream.append(tenantId, entry(2));

    await eventually(() => expect(stream.health().state).toBe('up'));

    await eventually(async () => expect(await stream.newest(tenantId, 10)).toBeUndefined());
  });

  it('does not grow without end', async () => {
    const stream = await openRedis();
    const tenantId = newId('ten');
    for (let n = 0; n < 105; n += 1)
      await Promise.all(Array.from({ length: 100 }, (_, m) => stream.append(tenantId, entry(n + m))));

    const length = await client.xlen('s101:learning:activity:log');

    expect(length).toBeLessThan(10_500);
    expect(length).toBeGreaterThanOrEqual(10_000);
  }, 30_000);
});

it('makes an entry a line and back', () => {
  const one = entry(1, { summary: 'a b\n"c"' });

  expect(entryOf(lineOf(one))).toEqual(one);
});
