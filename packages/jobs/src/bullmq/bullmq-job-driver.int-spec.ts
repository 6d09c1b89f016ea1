import { afterAll, beforeAll } from '@jest/globals';
import { eventually, redis, type TestServer } from '@support101/testing';
import { Redis } from 'ioredis';
import { describeJobDriver, type JobDriverHarness } from '../job-driver.conformance-spec.js';
import type { JobDriver } from '../job-driver.js';
import { BullMqJobDriver } from './bullmq-job-driver.js';

let server: TestServer;
let outsider: Redis;
beforeAll(async () => {
  server = await redis();
  outsider = new Redis(server.url);
});
afterAll(async () => {
  outsider.disconnect();
  await server.close();
});

async function overRedis(): Promise<JobDriverHarness> {
  await outsider.flushall();
  const open: JobDriver[] = [];
  return {
    open: async () => {
      const driver = await BullMqJobDriver.open({ url: server.url });
      open.push(driver);
      return driver;
    },
    now: () => Date.now(),
    until: (check, limitMs = 10_000) => eventually(() => check(), limitMs).then(() => undefined),
    wipe: async (driver) => {
      await outsider.flushall();
      return driver;
    },
    close: async () => {
      await Promise.all(open.map((driver) => driver.close()));
    },
  };
}

describeJobDriver('BullMqJobDriver', overRedis);
