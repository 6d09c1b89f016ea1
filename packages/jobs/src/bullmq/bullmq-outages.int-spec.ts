import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { eventually, redis, type TestServer, Wire } from '@support101/testing';
import { Redis } from 'ioredis';
import 'reflect-metadata';
import { z } from 'zod';
import { gate, workOptions } from '../job-driver.conformance-spec.js';
import { defineJob, type RefillItem } from '../job.js';
import { JobHost } from '../job-host.js';
import { Jobs } from '../jobs.js';
import { openBullMq } from '../open-bullmq.js';
import { Processes, Refills } from '../processes.js';

let server: TestServer;
let outsider: Redis;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  server = await redis();
  outsider = new Redis(server.url);
});
afterAll(async () => {
  outsider.disconnect();
  await server.close();
});
beforeEach(async () => void (await outsider.flushall()));
afterEach(async () => {
  await outsider.config('SET', 'maxmemory-policy', 'noeviction');
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function driverTo(url = server.url) {
  const driver = await openBullMq({ url, connectWithinMs: 2_000 });
  open.push(driver);
  return driver;
}

async function layWire(): Promise<Wire> {
  const wire = await Wire.lay(server.url);
  open.push(wire);
  return wire;
}

describe('BullMqJobDriver', () => {
  it('gives a killed worker’s job to another one within five seconds, as the same attempt', async () => {
    const wire = await layWire();
    const [dying, surviving] = [await driverTo(wire.url), await driverTo()];
    const finish = gate();
    let started = 0;
    await dying.work('demo.kill', workOptions(), async () => {
      started += 1;
      await finish.passed;
    });
    await surviving.add('demo.kill', { id: 'held', body: '1' });
    await eventually(() => started === 1);
    const attempts: number[] = [];
    await surviving.work('demo.kill', workOptions(), async ({ attempt }) => void attempts.push(attempt));

    const begun = performance.now();
    wire.cut();
    await eventually(() => attempts.length === 1, 10_000);

    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(attempts).toEqual([1]);
    finish.open();
  });

  it('tells the truth while Redis is away, keeps what is queued meanwhile, and goes on by itself', async () => {
    const wire = await layWire();
    const driver = await driverTo(wire.url);
    const seen: string[] = [];
    await driver.work('demo.away', workOptions(), async ({ id }) => void seen.push(id));
    expect(driver.status()).toMatchObject({ kind: 'bullmq', state: 'up' });

    wire.cut();
    await eventually(() => driver.status().state === 'down');
    const begun = performance.now();
    await driver.add('demo.away', { id: 'meanwhile', body: '1' });
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(driver.status().detail).toContain('1 jobs wait');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    wire.mend();
    await eventually(() => seen.length === 1, 10_000);
    await driver.add('demo.away', { id: 'afterwards', body: '1' });
    await eventually(() => seen.length === 2, 10_000);

    expect(seen).toEqual(['meanwhile', 'afterwards']);
    expect(driver.status().state).toBe('up');
  }, 60_000);

  it('has the database asked again when Redis was wiped', async () => {
    const job = defineJob({ name: 'refill', payload: z.string(), attempts: 2, backoffMs: 50, concurrency: 1, timeoutMs: 1_000 });
    const due = new Map<string, Date>();
    const ran: string[] = [];
    class Refilled {
      @Processes(job)
      async run(payload: string): Promise<void> {
        due.delete(payload);
        ran.push(payload);
      }

      @Refills(job)
      async *refill(): AsyncIterable<RefillItem<string>> {
        for (const [id, runAt] of due) yield { id, payload: id, runAt };
      }
    }
    @Module({ imports: [DiscoveryModule], providers: [Refilled] })
    class DemoModule {}
    const app = await NestFactory.createApplicationContext(DemoModule, { logger: false });
    const driver = await driverTo();
    const jobs = new Jobs('demo', driver);
    const host = new JobHost({ service: 'demo', driver, jobs, discovery: app.get(DiscoveryService), sweepMs: 3_600_000 });
    due.set('timer', new Date(Date.now() + 4_000));
    await host.start();
    open.push({ close: () => host.stop() });

    await outsider.flushall();
    await eventually(() => ran.length === 1, 10_000);

    expect(ran).toEqual(['timer']);
  });

  it('closes although Redis is away', async () => {
    const wire = await layWire();
    const driver = await driverTo(wire.url);
    await driver.work('demo.close', workOptions(), async () => undefined);

    wire.cut();
    await eventually(() => driver.status().state === 'down');
    await driver.close();

    expect(driver.status().state).toBe('closed');
  }, 30_000);

  it('does not start on a Redis that evicts keys, nor without one', async () => {
    await outsider.config('SET', 'maxmemory-policy', 'allkeys-lru');

    await expect(driverTo()).rejects.toThrow('must be noeviction');
    const nowhere = await openBullMq({ url: 'redis://ann:secret@127.0.0.1:1', connectWithinMs: 200 }).catch(
      (error: unknown) => error,
    );

    expect(String(nowhere)).toContain('127.0.0.1:1');
    expect(String(nowhere)).not.toContain('secret');
  });
});
