import { describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, NestFactory } from '@nestjs/core';
import { VirtualClock } from '@support101/testing';
import 'reflect-metadata';
import { z } from 'zod';
import { InProcessJobDriver } from './in-process-job-driver.js';
import { defineJob, type Exhaustion, type JobContext, type RefillItem } from './job.js';
import { JobHost } from './job-host.js';
import { Jobs } from './jobs.js';
import { Exhausted, Processes, Refills } from './processes.js';

const makeThing = defineJob({
  name: 'things.make',
  payload: z.object({ thing: z.string() }),
  attempts: 2,
  backoffMs: 100,
  concurrency: 2,
  timeoutMs: 1_000,
});
type Payload = { thing: string };

/** The database of these tests: things that want to be made. */
const table = new Map<string, { due?: Date }>();
const made: { thing: string; id: string; attempt: number }[] = [];
const lost: { thing: string; attempts: number; error: string }[] = [];
let refillFails = false;

@Injectable()
class ThingJobs {
  private readonly prefix = 'made';

  @Processes(makeThing)
  async make({ thing }: Payload, { id, attempt }: JobContext): Promise<void> {
    if (thing === 'bad') throw new Error(`not ${this.prefix}`);
    table.delete(thing);
    made.push({ thing, id, attempt });
  }

  @Refills(makeThing)
  async *due(): AsyncIterable<RefillItem<Payload>> {
    if (refillFails) throw new Error('the database is away');
    for (const [thing, { due }] of table) yield { id: thing, payload: { thing }, ...(due === undefined ? {} : { runAt: due }) };
  }

  @Exhausted(makeThing)
  giveUp({ thing }: Payload, { attempts, error }: Exhaustion): void {
    lost.push({ thing, attempts, error: error.message });
  }
}

async function boot(clock: VirtualClock, provider: Type = ThingJobs) {
  @Module({ imports: [DiscoveryModule], providers: [provider] })
  class DemoModule {}
  const app = await NestFactory.createApplicationContext(DemoModule, { logger: false });
  const driver = new InProcessJobDriver({ time: clock });
  const jobs = new Jobs('demo', driver);
  const host = new JobHost({ service: 'demo', driver, jobs, discovery: app.get(DiscoveryService), time: clock, sweepMs: 30_000 });
  return { jobs, host, driver };
}

describe('JobHost', () => {
  it('runs queued jobs on the provider’s own method', async () => {
    const clock = new VirtualClock();
    const { jobs, host } = await boot(clock);
    await host.start();

    await jobs.enqueue(makeThing, { thing: 'queued' }, { id: 'thing-1' });
    await clock.advance(0);

    expect(made).toContainEqual({ thing: 'queued', id: 'thing-1', attempt: 1 });
    await host.stop();
  });

  it('asks the database at boot and at each sweep, so that a wiped queue fills again', async () => {
    const clock = new VirtualClock();
    table.set('from before', {}).set('later', { due: new Date(clock.now().getTime() + 45_000) });
    const before = await boot(clock);
    await before.jobs.enqueue(makeThing, { thing: 'later' }, { id: 'later', runAt: new Date(clock.now().getTime() + 45_000) });

    const { host } = await boot(clock);
    await host.start();
    await clock.advance(10);
    expect(made.map(({ thing }) => thing)).toContain('from before');
    table.set('written meanwhile', {});
    await clock.advance(29_000);
    expect(made.map(({ thing }) => thing)).not.toContain('written meanwhile');
    await clock.advance(2_000);
    expect(made.map(({ thing }) => thing)).toContain('written meanwhile');
    await clock.advance(15_000);

    expect(made.filter(({ thing }) => thing === 'later')).toHaveLength(1);
    await host.stop();
  });

  it('boots although the database cannot be asked, and asks again', async () => {
    const clock = new VirtualClock();
    const { host } = await boot(clock);
    table.set('patient', {});
    refillFails = true;
    await host.start();

    refillFails = false;
    await clock.advance(31_000);

    expect(made.map(({ thing }) => thing)).toContain('patient');
    await host.stop();
  });

  it('hands a job that failed too often to the method for it', async () => {
    const clock = new VirtualClock();
    const { jobs, host } = await boot(clock);
    await host.start();

    await jobs.enqueue(makeThing, { thing: 'bad' }, { id: 'bad' });
    await clock.advance(10);
    await clock.advance(200);

    expect(lost).toEqual([{ thing: 'bad', attempts: 2, error: 'not made' }]);
    await host.stop();
  });

  it('gives up at once on a payload that does not fit', async () => {
    const clock = new VirtualClock();
    const { host, driver } = await boot(clock);
    await host.start();
    const before = lost.length;

    await driver.add('demo.things.make', { id: 'old', body: '{"thing":7}' });
    await clock.advance(0);

    expect(driver.status().queued).toEqual({ 'demo.things.make': 0 });
    expect(lost).toHaveLength(before);
    await host.stop();
  });

  it('refuses to queue a payload that does not fit, and an id that is none', async () => {
    const { jobs } = await boot(new VirtualClock());

    await expect(jobs.enqueue(makeThing, { thing: 7 } as unknown as Payload, { id: 'x' })).rejects.toThrow(z.ZodError);
    await expect(jobs.enqueue(makeThing, { thing: 'x' }, { id: '' })).rejects.toThrow('1 to 200');
  });

  it('refuses to start when a job is refilled and never processed, or processed twice', async () => {
    @Injectable()
    class RefillOnly {
      @Refills(makeThing)
      async *due(): AsyncIterable<RefillItem<Payload>> {}
    }
    @Injectable()
    class Twice {
      @Processes(makeThing)
      async one(): Promise<void> {}
      @Processes(makeThing)
      async two(): Promise<void> {}
    }

    const [unprocessed, twice] = [await boot(new VirtualClock(), RefillOnly), await boot(new VirtualClock(), Twice)];

    await expect(unprocessed.host.start()).rejects.toThrow('nothing processes the job things.make');
    await expect(twice.host.start()).rejects.toThrow('two methods');
  });

  it('does a job by hand in its own process, and a second try of it from the queue', async () => {
    const clock = new VirtualClock();
    const { jobs, host } = await boot(clock);
    expect(jobs.hand(makeThing)).toBeUndefined();
    await host.start();
    const before = lost.length;

    jobs.hand(makeThing)?.work({ thing: 'by hand' }, { id: 'hand-1' });
    jobs.hand(makeThing)?.work({ thing: 'bad' }, { id: 'hand-2' });
    expect(jobs.hand(makeThing)).toBeUndefined();
    await clock.advance(0);
    expect(made).toContainEqual({ thing: 'by hand', id: 'hand-1', attempt: 1 });
    expect(lost).toHaveLength(before);
    await clock.advance(10_000);

    expect(lost.slice(before)).toEqual([{ thing: 'bad', attempts: 2, error: 'not made' }]);
    await host.stop();
    expect(jobs.hand(makeThing)).toBeUndefined();
  });

  it('does not compile with another payload', () => {
    class Wrong {
      // @ts-expect-error the payload is an object
      @Processes(makeThing)
      async make(_payload: string): Promise<void> {}
    }

    expect(Wrong).toBeDefined();
  });
});

describe('defineJob', () => {
  it('refuses nonsense', () => {
    const base = { name: 'things.make', payload: z.string(), attempts: 1, backoffMs: 0, concurrency: 1, timeoutMs: 1 };

    expect(() => defineJob({ ...base, name: 'Things:make' })).toThrow('name');
    expect(() => defineJob({ ...base, attempts: 0 })).toThrow('attempts');
    expect(() => defineJob({ ...base, backoffMs: Number.NaN })).toThrow('backoffMs');
  });
});
