import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { buildRegistry, isDomainError, type TenantId } from '@support101/contracts';
import { InProcessTransport } from '@support101/messaging';
import { Clock, createLog, HealthBoard, newId } from '@support101/service-kit';
import { eventually, LocalEngine } from '@support101/testing';
import { Redis } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ask, noShare } from './limits-share.rules.js';
import { LimitsClient } from './limits.client.js';
import { windowMs } from './limits.rules.js';
import { LimitsService } from './limits.service.js';

let folder: string;
let server: LocalEngine;
let outsider: Redis;
const open: LimitsClient[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limits-'));
  server = await LocalEngine.startProgram('redis', folder);
  outsider = new Redis(server.url);
  outsider.on('error', () => undefined);
});
afterAll(async () => {
  outsider.disconnect();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  for (const client of open.splice(0)) client.onApplicationShutdown();
});

interface Limiter {
  readonly client: LimitsClient;
  readonly health: HealthBoard;
  /** True when the request was let in. */
  ask(tenantId: TenantId, limit: number): Promise<boolean>;
}

async function limiter(redisUrl = server.url): Promise<Limiter> {
  const log = createLog({ name: 't', level: 'silent' });
  const health = new HealthBoard();
  const parts = { transport: new InProcessTransport(), registry: buildRegistry([]), health, log, settings: {}, redisUrl };
  const client = new LimitsClient(parts, log, health);
  open.push(client);
  await client.onModuleInit();
  const service = new LimitsService(new Clock(), client);
  const ask = async (tenantId: TenantId, limit: number): Promise<boolean> => {
    try {
      await service.take(tenantId, limit);
      return true;
    } catch (error) {
      if (isDomainError(error) && error.code === 'rate_limited') return false;
      throw error;
    }
  };
  return { client, health, ask };
}

const times = (count: number, run: () => Promise<boolean>) => Promise.all(Array.from({ length: count }, run));
const letIn = (outcomes: readonly boolean[]) => outcomes.filter(Boolean).length;
const partOf = async ({ health }: Limiter) => (await health.report()).parts[0];

/** Milliseconds on Redis' clock since its minute began; waits for the next one when this one is nearly over. */
async function intoMinute(): Promise<number> {
  const [seconds, micros] = (await outsider.time()) as [number, number];
  const into = (Number(seconds) * 1000 + Number(micros) / 1000) % windowMs;
  if (into < windowMs - 6_000) return into;
  await new Promise((resolve) => setTimeout(resolve, windowMs - into + 50));
  return intoMinute();
}

describe('two gateways', () => {
  it.each([[1], [7], [50], [199]])('let in exactly %i requests together, in whatever order they come', async (limit) => {
    const [one, two] = [await limiter(), await limiter()];
    const tenantId = newId('ten');
    await intoMinute();

    const outcomes = await Promise.all([times(200, () => one.ask(tenantId, limit)), times(200, () => two.ask(tenantId, limit))]);

    expect(letIn(outcomes.flat())).toBe(limit);
  });

  it('never let in more than a large limit, leave little of it unused, and seldom ask', async () => {
    const [one, two] = [await limiter(), await limiter()];
    const [tenantId, limit] = [newId('ten'), 6_000];
    await intoMinute();
    await outsider.config('RESETSTAT');

    let total = 0;
    for (let n = 0; n < 5_000; n += 1) total += letIn([await one.ask(tenantId, limit), await two.ask(tenantId, limit)]);
    const stats = await outsider.info('commandstats');
    const asked = Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);

    expect(total).toBeLessThanOrEqual(limit);
    expect(total).toBeGreaterThanOrEqual(limit - 60);
    expect(asked).toBeGreaterThan(20);
    expect(asked).toBeLessThan(10_000 / 20);
  });

  it('go on under the same count when one of them starts anew', async () => {
    const one = await limiter();
    const tenantId = newId('ten');
    await intoMinute();
    const before = letIn(await times(30, () => one.ask(tenantId, 50)));

    one.client.onApplicationShutdown();
    const next = await limiter();

    expect([before, letIn(await times(30, () => next.ask(tenantId, 50)))]).toEqual([30, 20]);
  });

  it('remember what a Redis has lost that was wiped', async () => {
    const [one, two] = [await limiter(), await limiter()];
    const tenantId = newId('ten');
    await intoMinute();
    for (let n = 0; n < 20; n += 1) await Promise.all([one.ask(tenantId, 50), two.ask(tenantId, 50)]);
    await outsider.flushall();
    await outsider.script('FLUSH');

    const after = [await times(100, () => one.ask(tenantId, 50)), await times(100, () => two.ask(tenantId, 50))].flat();

    // Of the 40 before, the last one may be known to the other gateway only.
    expect(letIn(after)).toBeGreaterThanOrEqual(10);
    expect(letIn(after)).toBeLessThanOrEqual(11);
  });
});

describe('the count in Redis', () => {
  const ask = (given: Partial<Ask>): Ask => ({ limit: 100, wanted: 1_000, count: noShare.count, alone: 0, unused: 0, ...given });
  const granted = async (
    inRedis: { present: number; before: number; windowsAgo: number } | undefined,
    given: (start: number) => Partial<Ask>,
  ) => {
    const { client } = await limiter();
    const tenantId = newId('ten');
    const start = await minuteStart();
    if (inRedis !== undefined) {
      const { windowsAgo, ...fields } = inRedis;
      await outsider.hset(`s101:limits:${tenantId}`, { start: start - windowsAgo * windowMs, ...fields });
    }
    const told = await client.take(tenantId, ask(given(start)));
    if (told === undefined) throw new Error('Redis did not answer');
    return { told, start, slidOut: (told.now - start) / windowMs };
  };
  const minuteStart = async () => {
    await intoMinute();
    const [seconds] = (await outsider.time()) as [number, number];
    return Math.floor((Number(seconds) * 1000) / windowMs) * windowMs;
  };

  it('grants the whole limit once, and forgets it after two minutes', async () => {
    const { told, start } = await granted(undefined, () => ({}));

    expect(told).toMatchObject({ granted: 100, count: { startedAt: start, present: 100, before: 0 } });
    const keys = await outsider.keys('s101:limits:*');
    for (const key of keys) expect(await outsider.pttl(key)).toBeLessThanOrEqual(2 * windowMs);
  });

  it('counts the part of the window before that still lies within the last minute', async () => {
    const { told, slidOut } = await granted({ windowsAgo: 1, present: 80, before: 9 }, () => ({}));

    expect(told.count.before).toBe(80);
    expect(told.granted).toBe(Math.floor(100 - 80 * (1 - slidOut)));
  });

  it('forgets what is more than two windows ago', async () => {
    expect((await granted({ windowsAgo: 2, present: 100, before: 100 }, () => ({}))).told.granted).toBe(100);
  });

  it('takes over what the asker knows, and adds what it let in alone', async () => {
    const known = (startedAt: number) => ({ count: { startedAt, present: 30, before: 0 }, alone: 5 });

    expect((await granted({ windowsAgo: 0, present: 20, before: 0 }, known)).told.granted).toBe(65);
    expect((await granted({ windowsAgo: 0, present: 40, before: 0 }, known)).told.granted).toBe(55);
    expect((await granted(undefined, known)).told.granted).toBe(65);
  });

  it('takes back what was not used of the window before', async () => {
    const { told, slidOut } = await granted({ windowsAgo: 1, present: 80, before: 0 }, (start) => ({
      count: { startedAt: start - windowMs, present: 80, before: 0 },
      unused: 30,
    }));

    expect(told.count.before).toBe(50);
    expect(told.granted).toBe(Math.floor(100 - 50 * (1 - slidOut)));
  });
});

describe('while Redis is away', () => {
  it('no gateway starts, and the message names the server without its password', async () => {
    const outcome = await limiter('redis://ann:secret@127.0.0.1:1').catch((error: unknown) => String(error));

    expect(outcome).toContain('Redis does not answer at 127.0.0.1:1');
    expect(outcome).not.toContain('secret');
  }, 30_000);

  it('each gateway counts for itself and says so; afterwards they count together again by themselves', async () => {
    const [one, two] = [await limiter(), await limiter()];
    const tenantId = newId('ten');
    await intoMinute();
    const before = letIn(await times(20, () => one.ask(tenantId, 50))) + letIn(await times(20, () => two.ask(tenantId, 50)));
    const health = await partOf(one);

    await server.kill();
    await eventually(() => !one.client.usable && !two.client.usable);
    const during = [letIn(await times(50, () => one.ask(tenantId, 50))), letIn(await times(50, () => two.ask(tenantId, 50)))];
    const away = await partOf(one);
    await server.start();
    await eventually(() => one.client.usable && two.client.usable, 10_000);
    const after = letIn(await times(50, () => one.ask(tenantId, 50))) + letIn(await times(50, () => two.ask(tenantId, 50)));

    expect(before).toBe(40);
    // Each goes on from what Redis last told it: the first knew of 20, the second of all 40.
    expect(during).toEqual([30, 10]);
    expect(after).toBe(0);
    expect(health).toMatchObject({ part: 'limits', using: 'Redis', state: 'up' });
    expect(away).toMatchObject({ using: 'in process', state: 'degraded' });
    expect(away?.hint).toContain('each gateway counts for itself');
    expect(await partOf(one)).toMatchObject({ using: 'Redis', state: 'up' });
  }, 120_000);

  it('a Redis that hangs holds one request up for a moment, and no others', async () => {
    const one = await limiter();
    const [tenantId, other] = [newId('ten'), newId('ten')];
    await one.ask(tenantId, 50);

    server.signal('SIGSTOP');
    const first = await one.ask(tenantId, 50);
    const usable = one.client.usable;
    const rest = await times(1_000, () => one.ask(other, 2_000));
    const away = await partOf(one);
    server.signal('SIGCONT');

    expect([first, letIn(rest)]).toEqual([true, 1_000]);
    // Nobody asks a Redis that is not usable.
    expect(usable).toBe(false);
    expect(away?.state).toBe('degraded');
    await eventually(() => one.client.usable, 10_000);
  });
});
