import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@support101/testing';
import { InProcessJobDriver } from './in-process-job-driver.js';
import { describeJobDriver, workOptions, type JobDriverHarness } from './job-driver.conformance-spec.js';

/** A harness on a virtual clock. */
async function inProcess(): Promise<JobDriverHarness> {
  const clock = new VirtualClock();
  const driver = new InProcessJobDriver({ time: clock });
  return {
    open: async () => driver,
    now: () => clock.now().getTime(),
    until: async (check, limitMs = 5_000) => {
      for (let passed = 0; !check(); passed += 10) {
        if (passed > limitMs) throw new Error(`not within ${limitMs} ms`);
        await clock.advance(10);
      }
    },
    wipe: async (_driver, begin) => {
      const anew = new InProcessJobDriver({ time: clock });
      await begin(anew);
      return anew;
    },
    close: async () => {
      const closing = driver.close();
      await clock.advance(10_000);
      await closing;
    },
  };
}

describeJobDriver('InProcessJobDriver', inProcess);

describe('InProcessJobDriver', () => {
  const day = 24 * 60 * 60 * 1_000;

  it('runs a job that is due in months on the day, and no timer waits longer than a minute', async () => {
    const clock = new VirtualClock();
    let longest = 0;
    const time = {
      now: () => clock.now(),
      schedule: (delayMs: number, run: () => unknown) => {
        longest = Math.max(longest, delayMs);
        return clock.schedule(delayMs, run);
      },
    };
    const driver = new InProcessJobDriver({ time });
    let ranAt: Date | undefined;
    const runAt = new Date(clock.now().getTime() + 90 * day);
    await driver.work('demo.later', workOptions(), async () => void (ranAt = clock.now()));
    await driver.add('demo.later', { id: 'later', body: '1', runAt });

    clock.set(new Date(runAt.getTime() - 30_000));
    await clock.advance(29_999);
    expect(ranAt).toBeUndefined();
    await clock.advance(31_000);

    expect(ranAt).toBeDefined();
    expect(longest).toBeLessThanOrEqual(60_000);
  });

  it('is not early when the clock is set back', async () => {
    const clock = new VirtualClock('2026-01-05T12:00:00.000Z');
    const driver = new InProcessJobDriver({ time: clock });
    let ran = false;
    await driver.work('demo.later', workOptions(), async () => void (ran = true));
    await driver.add('demo.later', { id: 'later', body: '1', runAt: new Date('2026-01-05T12:00:10.000Z') });

    clock.set('2026-01-05T11:59:00.000Z');
    await clock.advance(69_000);
    expect(ran).toBe(false);
    await clock.advance(60_000);

    expect(ran).toBe(true);
  });

  it('runs jobs outside the async context that queued them', async () => {
    const clock = new VirtualClock();
    const driver = new InProcessJobDriver({ time: clock });
    const transaction = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await driver.work('demo.things', workOptions(), async () => void seen.push(transaction.getStore()));

    await transaction.run('open', () => driver.add('demo.things', { id: 'one', body: '1' }));
    await clock.advance(0);

    expect(seen).toEqual([undefined]);
  });

  it('keeps ten thousand delayed jobs in order', async () => {
    const clock = new VirtualClock();
    const driver = new InProcessJobDriver({ time: clock });
    const seen: number[] = [];
    const begun = clock.now().getTime();
    for (let index = 0; index < 10_000; index += 1) {
      const due = (index * 7_919) % 10_000;
      await driver.add('demo.many', { id: `job-${due}`, body: String(due), runAt: new Date(begun + due) });
    }

    await driver.work('demo.many', workOptions({ concurrency: 1 }), async ({ body }) => void seen.push(Number(body)));
    clock.set(new Date(begun + 10_000));
    await clock.advance(60_000);

    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect(driver.status().queued).toEqual({ 'demo.many': 0 });
  });

  it('quietly lets go of what is queued while it shuts down', async () => {
    const driver = new InProcessJobDriver();
    await driver.close();

    await driver.add('demo.things', { id: 'one', body: '1' });

    expect(driver.status()).toMatchObject({ state: 'closed', queued: {} });
    await expect(driver.work('demo.things', workOptions(), async () => undefined)).rejects.toThrow('closed');
  });
});
