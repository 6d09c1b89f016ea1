import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JobAttempt, JobDriver, WorkOptions } from './job-driver.js';
import { GiveUp } from './run-attempt.js';

/** One kind of driver under test, with the clock it goes by. */
export interface JobDriverHarness {
  /** Connects; every driver of one harness shares the queue, except in process. */
  open(): Promise<JobDriver>;
  now(): number;
  /** Waits, or moves the virtual clock, until `check` is true; fails after `limitMs` milliseconds of that clock. */
  until(check: () => boolean, limitMs?: number): Promise<void>;
  /** Loses every job, as a wiped Redis or a restarted process does; gives the driver to go on with, `begin` starts a new one's workers. */
  wipe(driver: JobDriver, begin: (anew: JobDriver) => Promise<void>): Promise<JobDriver>;
  close(): Promise<void>;
}

const queue = 'demo.things-make';

/** Options of a worker in these tests. */
export function workOptions(overrides: Partial<WorkOptions> = {}): WorkOptions {
  return { attempts: 3, backoffMs: 100, concurrency: 2, timeoutMs: 5_000, onExhausted: async () => undefined, ...overrides };
}

/** Something to wait for that the test lets happen. */
export function gate(): { passed: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
}

/** What every job driver must do. `make` gives a fresh, empty queue. */
export function describeJobDriver(name: string, make: () => Promise<JobDriverHarness>): void {
  describe(`${name} as a job driver`, () => {
    let harness: JobDriverHarness;
    let driver: JobDriver;
    beforeEach(async () => {
      harness = await make();
      driver = await harness.open();
    });
    afterEach(() => harness.close());
    const world = (): World => ({ harness, driver });
    describe('running', () => {
      runConformance(world);
      countConformance(world);
    });
    describe('failing', () => {
      failureConformance(world);
    });
    describe('losing everything', () => {
      lossConformance(world);
    });
    describe('closing', () => {
      closeConformance(world);
    });
  });
}

interface World {
  readonly harness: JobDriverHarness;
  readonly driver: JobDriver;
}

function runConformance(world: () => World): void {
  it('runs a job with its id, body and trace, also one queued before the worker came', async () => {
    const { driver, harness } = world();
    const seen: unknown[] = [];
    await driver.add(queue, { id: 'early', body: '{"a":"ü"}', traceparent: '00-abc' });

    await driver.work(
      queue,
      workOptions(),
      async ({ id, body, attempt, traceparent }) => void seen.push({ id, body, attempt, traceparent }),
    );
    await driver.add(queue, { id: 'late', body: '[]' });
    await harness.until(() => seen.length === 2);

    expect(seen).toEqual([
      { id: 'early', body: '{"a":"ü"}', attempt: 1, traceparent: '00-abc' },
      { id: 'late', body: '[]', attempt: 1, traceparent: undefined },
    ]);
  });

  it('takes ids of any characters, and keeps queues apart', async () => {
    const { driver, harness } = world();
    const seen: string[] = [];
    const ids = ['12345', 'run:1:é', '../x y', 'a'.repeat(200)];
    await driver.work(queue, workOptions(), async ({ id }) => void seen.push(id));
    await driver.work('demo.others', workOptions(), async ({ id }) => void seen.push(`other ${id}`));

    for (const id of ids) await driver.add(queue, { id, body: '1' });
    await driver.add('demo.others', { id: '12345', body: '1' });
    await harness.until(() => seen.length === 5);

    expect([...seen].sort()).toEqual([...ids, 'other 12345'].sort());
  });

  it('does not run a job before its time, and later ones in order of time', async () => {
    const { driver, harness } = world();
    const seen: { id: string; late: number }[] = [];
    const begun = harness.now();
    const at = (ms: number) => new Date(begun + ms);
    await driver.work(
      queue,
      workOptions({ concurrency: 1 }),
      async ({ id }) => void seen.push({ id, late: harness.now() - begun }),
    );

    await driver.add(queue, { id: 'second', body: '1', runAt: at(600) });
    await driver.add(queue, { id: 'first', body: '1', runAt: at(300) });
    await driver.add(queue, { id: 'past', body: '1', runAt: at(-60_000) });
    await harness.until(() => seen.length === 3);

    expect(seen.map(({ id }) => id)).toEqual(['past', 'first', 'second']);
    expect(seen[1]?.late).toBeGreaterThanOrEqual(299);
    expect(seen[2]?.late).toBeGreaterThanOrEqual(599);
  });

  it('runs as many at once as allowed, and no more', async () => {
    const { driver, harness } = world();
    const finish = gate();
    let running = 0;
    let most = 0;
    let done = 0;
    await driver.work(queue, workOptions({ concurrency: 3 }), async () => {
      most = Math.max(most, (running += 1));
      await finish.passed;
      running -= 1;
      done += 1;
    });

    for (let index = 0; index < 20; index += 1) await driver.add(queue, { id: `job-${index}`, body: '1' });
    await harness.until(() => running === 3);
    finish.open();
    await harness.until(() => done === 20, 60_000);

    expect(most).toBe(3);
  });

  it('ignores a job whose id waits or runs, and takes it again once it has ended', async () => {
    const { driver, harness } = world();
    const finish = gate();
    const bodies: string[] = [];
    const runAt = new Date(harness.now() + 200);
    await driver.add(queue, { id: 'same', body: '"waiting"', runAt });
    await driver.add(queue, { id: 'same', body: '"ignored while waiting"' });
    await driver.work(queue, workOptions(), async ({ body }) => {
      bodies.push(body);
      await finish.passed;
    });
    await harness.until(() => bodies.length === 1);

    await driver.add(queue, { id: 'same', body: '"ignored while running"' });
    finish.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await driver.add(queue, { id: 'same', body: '"again"' });
    await harness.until(() => bodies.length === 2);

    expect(bodies).toEqual(['"waiting"', '"again"']);
  });
}

function countConformance(world: () => World): void {
  it('counts what waits, what is for later, and what runs', async () => {
    const { driver, harness } = world();
    const { passed, open } = gate();
    let running = 0;
    await driver.work(queue, workOptions({ concurrency: 1 }), async () => {
      running += 1;
      await passed;
    });
    await driver.add(queue, { id: 'first', body: '1' });
    await harness.until(() => running === 1);
    await driver.add(queue, { id: 'second', body: '1' });
    await driver.add(queue, { id: 'later', body: '1', runAt: new Date(harness.now() + 3_600_000) });

    const counts = await driver.counts(queue);
    open();
    await harness.until(() => running === 2);

    expect(counts).toEqual({ waiting: 1, delayed: 1, active: 1 });
    expect(await driver.counts('demo.nothing')).toEqual({ waiting: 0, delayed: 0, active: 0 });
  });
}

function failureConformance(world: () => World): void {
  it('tries again with waits that double', async () => {
    const { driver, harness } = world();
    const tries: { attempt: number; at: number }[] = [];
    await driver.work(queue, workOptions({ attempts: 4 }), async ({ attempt }) => {
      tries.push({ attempt, at: harness.now() });
      if (attempt < 4) throw new Error('not yet');
    });

    await driver.add(queue, { id: 'again', body: '1' });
    await harness.until(() => tries.length === 4);

    const waits = tries.slice(1).map(({ at }, index) => at - (tries[index]?.at ?? 0));
    expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(waits[0]).toBeGreaterThanOrEqual(99);
    expect(waits[1]).toBeGreaterThanOrEqual(199);
    expect(waits[2]).toBeGreaterThanOrEqual(399);
  });

  it('hands over a job whose tries are used up, once, and forgets it; others go on', async () => {
    const { driver, harness } = world();
    const exhausted: unknown[] = [];
    let fine = 0;
    const onExhausted = async ({ id, body, attempt }: JobAttempt, error: Error) =>
      void exhausted.push({ id, body, attempt, error: error.message });
    await driver.work(queue, workOptions({ onExhausted, attempts: 2, backoffMs: 10 }), async ({ id }) => {
      if (id === 'bad') throw new Error('always');
      fine += 1;
    });

    await driver.add(queue, { id: 'bad', body: '{"x":1}' });
    await driver.add(queue, { id: 'good', body: '1' });
    await harness.until(() => exhausted.length === 1 && fine === 1);
    await driver.add(queue, { id: 'bad', body: '{"x":2}' });
    await harness.until(() => exhausted.length === 2);

    expect(exhausted).toEqual([
      { id: 'bad', body: '{"x":1}', attempt: 2, error: 'always' },
      { id: 'bad', body: '{"x":2}', attempt: 2, error: 'always' },
    ]);
  });

  it('does not try again what its processor gives up on', async () => {
    const { driver, harness } = world();
    const exhausted: number[] = [];
    const onExhausted = async ({ attempt }: JobAttempt) => void exhausted.push(attempt);
    await driver.work(queue, workOptions({ onExhausted }), () => Promise.reject(new GiveUp('never')));

    await driver.add(queue, { id: 'hopeless', body: '1' });
    await harness.until(() => exhausted.length === 1);

    expect(exhausted).toEqual([1]);
  });

  it('survives a hand-over that fails', async () => {
    const { driver, harness } = world();
    const seen: string[] = [];
    const onExhausted = () => Promise.reject(new Error('cannot be noted'));
    await driver.work(queue, workOptions({ onExhausted, attempts: 1 }), async ({ id }) => {
      seen.push(id);
      if (id === 'bad') throw new Error('always');
    });

    await driver.add(queue, { id: 'bad', body: '1' });
    await driver.add(queue, { id: 'good', body: '1' });
    await harness.until(() => seen.length === 2);

    expect([...seen].sort()).toEqual(['bad', 'good']);
  });

  it('fires the signal of a try that takes too long, and counts it as failed', async () => {
    const { driver, harness } = world();
    const reasons: string[] = [];
    let done = false;
    await driver.work(queue, workOptions({ timeoutMs: 200, backoffMs: 10 }), ({ attempt, signal }) => {
      if (attempt === 2) {
        done = true;
        return Promise.resolve();
      }
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push((signal.reason as Error).message);
          reject(signal.reason as Error);
        });
      });
    });

    await driver.add(queue, { id: 'slow', body: '1' });
    await harness.until(() => done);

    expect(reasons).toEqual(['the job did not finish within 200 ms']);
  });

  it('goes on without a try that ignores its signal', async () => {
    const { driver, harness } = world();
    const never = gate();
    let attempts = 0;
    await driver.work(queue, workOptions({ timeoutMs: 100, backoffMs: 10 }), async ({ attempt }) => {
      attempts = attempt;
      if (attempt === 1) await never.passed;
    });

    await driver.add(queue, { id: 'deaf', body: '1' });
    await harness.until(() => attempts === 2, 20_000);
    never.open();

    expect(attempts).toBe(2);
  });
}

function lossConformance(world: () => World): void {
  it('takes and runs again what was lost, and what comes after', async () => {
    const { harness } = world();
    const seen: string[] = [];
    const later = new Date(harness.now() + 60_000);
    await world().driver.work(queue, workOptions(), async ({ id }) => void seen.push(id));
    await world().driver.add(queue, { id: 'timer', body: '1', runAt: later });

    const driver = await harness.wipe(world().driver, async (anew) => {
      await anew.work(queue, workOptions(), async ({ id }) => void seen.push(id));
    });
    await driver.add(queue, { id: 'timer', body: '1' });
    await driver.add(queue, { id: 'new', body: '1' });
    await harness.until(() => seen.length === 2, 10_000);

    expect(seen.toSorted()).toEqual(['new', 'timer']);
  });
}

function closeConformance(world: () => World): void {
  it('waits for running jobs when a worker closes, and starts no more', async () => {
    const { driver, harness } = world();
    const finish = gate();
    const seen: string[] = [];
    let closed = false;
    const worker = await driver.work(queue, workOptions({ concurrency: 1 }), async ({ id }) => {
      seen.push(id);
      await finish.passed;
    });
    await driver.add(queue, { id: 'first', body: '1' });
    await driver.add(queue, { id: 'second', body: '1' });
    await harness.until(() => seen.length === 1);

    const closing = worker.close().then(() => (closed = true));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(closed).toBe(false);
    finish.open();
    await closing;
    expect(seen).toEqual(['first']);

    await driver.work(queue, workOptions(), async ({ id }) => void seen.push(id));
    await harness.until(() => seen.length === 2, 10_000);
    expect(seen).toEqual(['first', 'second']);
  });

  it('fires the signals of jobs that do not end while it closes', async () => {
    const { driver, harness } = world();
    let reason: unknown;
    let started = false;
    await driver.work(queue, workOptions({ timeoutMs: 600_000 }), ({ signal }) => {
      started = true;
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          resolve();
        });
      });
    });
    await driver.add(queue, { id: 'long', body: '1' });
    await harness.until(() => started);
    let closed = false;

    void driver.close().then(() => (closed = true));
    await harness.until(() => closed, 15_000);

    expect(String(reason)).toContain('shutting down');
    expect(driver.status().state).toBe('closed');
  });
}
