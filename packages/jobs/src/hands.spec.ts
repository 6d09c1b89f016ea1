import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@support101/testing';
import { Hands, type HandsOptions } from './hands.js';
import type { JobAttempt, QueuedJob } from './job-driver.js';
import { GiveUp } from './run-attempt.js';

const job: QueuedJob = { id: 'one', body: '{}' };

function handsOf(options: Partial<HandsOptions> = {}) {
  const time = new VirtualClock();
  const enqueued: QueuedJob[] = [];
  const exhausted: { id: string; error: string }[] = [];
  const running: { attempt: JobAttempt; end(): void; fail(error: Error): void }[] = [];
  const hands = new Hands({
    time,
    concurrency: 2,
    backoffMs: 100,
    timeoutMs: 60_000,
    queued: () => 0,
    process: (attempt) => new Promise((end, fail) => running.push({ attempt, end, fail })),
    enqueue: async (queued) => void enqueued.push(queued),
    onExhausted: async ({ id }, error) => void exhausted.push({ id, error: error.message }),
    ...options,
  });
  return { hands, time, enqueued, exhausted, running };
}

describe('hands', () => {
  it('are as many as jobs may run at once, and free again when these have ended', async () => {
    const { hands, time, running } = handsOf();

    const [first, second] = [hands.take(), hands.take()];
    expect(hands.take()).toBeUndefined();
    first?.work(job);
    second?.free();
    const third = hands.take();
    expect(third).toBeDefined();
    await time.advance(0);
    running[0]?.end();
    await time.advance(0);

    expect(hands.take()).toBeDefined();
    expect(running[0]?.attempt).toMatchObject({ id: 'one', body: '{}', attempt: 1 });
  });

  it('leave room for what runs for the queue', () => {
    const { hands } = handsOf({ queued: () => 2 });

    expect(hands.take()).toBeUndefined();
  });

  it('bring a job whose first try fails to the queue, for later', async () => {
    const { hands, time, running, enqueued, exhausted } = handsOf();
    hands.take()?.work(job);
    await time.advance(0);

    running[0]?.fail(new Error('the database is away'));
    await time.advance(0);

    expect(enqueued).toEqual([{ ...job, runAt: new Date(time.now().getTime() + 100) }]);
    expect(exhausted).toEqual([]);
  });

  it('give up on a job that cannot get better', async () => {
    const { hands, time, running, enqueued, exhausted } = handsOf();
    hands.take()?.work(job);
    await time.advance(0);

    running[0]?.fail(new GiveUp('no such run'));
    await time.advance(0);

    expect(exhausted).toEqual([{ id: 'one', error: 'no such run' }]);
    expect(enqueued).toEqual([]);
  });

  it('leave to others what they are given when they are closed', async () => {
    const { hands, time, running, enqueued } = handsOf();
    const hand = hands.take();

    await hands.close();
    hand?.work(job);
    await time.advance(0);

    expect(running).toEqual([]);
    expect(enqueued).toEqual([job]);
  });

  it('take no more work once they are closed, wait for what runs, and tell it to end after a while', async () => {
    const { hands, time, running, enqueued } = handsOf({
      process: ({ signal }) => new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error))),
    });
    hands.take()?.work(job);
    await time.advance(0);
    const begunAt = time.now().getTime();
    let closed = false;

    const closing = hands.close().then(() => (closed = true));
    expect(hands.take()).toBeUndefined();
    await time.advance(2_900);
    expect(closed).toBe(false);
    await time.advance(200);
    await closing;

    expect(running).toEqual([]);
    expect(enqueued).toEqual([{ ...job, runAt: new Date(begunAt + 3_000) }]);
  });
});
