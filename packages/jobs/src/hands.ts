import { AsyncLocalStorage } from 'node:async_hooks';
import { settleWithin, type TimeSource } from '@support101/time';
import { backoffAfter, type JobAttempt, type QueuedJob } from './job-driver.js';
import { drainMs, isGiveUp, runAttempt, type RunningAttempt } from './run-attempt.js';

/** A free hand of this process for one job: the way past the queue. Either works or is given back; what comes first counts. */
export interface Hand {
  /** Starts the job here and now. A try that fails brings it to the queue, which has all of its own. */
  work(job: Omit<QueuedJob, 'runAt'>): void;
  /** There is nothing to do after all. */
  free(): void;
}

/** What hands do with a job. */
export interface HandsOptions {
  readonly time: TimeSource;
  /** How many work at once; those that work for the queue count as well. */
  readonly concurrency: number;
  readonly backoffMs: number;
  readonly timeoutMs: number;
  /** How many work for the queue now. */
  queued(): number;
  process(attempt: JobAttempt): Promise<void>;
  /** Brings a job to the queue. */
  enqueue(job: QueuedJob): Promise<void>;
  onExhausted(attempt: JobAttempt, error: Error): Promise<void>;
}

/**
 * Lets a process do at once what it has just been asked for, without the way through the queue and back. The database
 * must already say that the job is this process's, and for how long: nobody else knows of it.
 */
export class Hands {
  readonly #running = new Map<RunningAttempt, Promise<void>>();
  readonly #outside = AsyncLocalStorage.snapshot();
  #taken = 0;
  #closed = false;

  constructor(private readonly options: HandsOptions) {}

  /** Undefined when all are busy or the process takes no more work. */
  take(): Hand | undefined {
    if (this.#closed || this.#taken + this.options.queued() >= this.options.concurrency) return undefined;
    this.#taken += 1;
    let used = false;
    return {
      work: (job) => {
        if (used) return;
        used = true;
        this.#outside(() => this.#start(job));
      },
      free: () => {
        if (used) return;
        used = true;
        this.#taken -= 1;
      },
    };
  }

  /** Takes no more work and waits for what runs; what takes too long gets its signal. */
  async close(): Promise<void> {
    this.#closed = true;
    await settleWithin(this.options.time, drainMs, this.#running.values());
    for (const running of this.#running.keys()) running.abort(new Error('the process is shutting down'));
    await Promise.all(this.#running.values());
  }

  #start(job: QueuedJob): void {
    // It was taken just before: another process shall do it.
    if (this.#closed) return void this.options.enqueue(job);
    const { time, timeoutMs, process } = this.options;
    const running = runAttempt(time, timeoutMs, { ...job, attempt: 1 }, process);
    const done = running.outcome.then(async (failure) => {
      if (failure !== undefined) await this.#failed(job, failure);
      this.#running.delete(running);
      this.#taken -= 1;
    });
    this.#running.set(running, done);
  }

  async #failed(job: QueuedJob, failure: Error): Promise<void> {
    const { time, backoffMs, enqueue, onExhausted } = this.options;
    if (isGiveUp(failure)) return onExhausted({ ...job, attempt: 1, signal: new AbortController().signal }, failure);
    const waitMs = this.#closed ? 0 : backoffAfter(1, backoffMs);
    await enqueue({ ...job, runAt: new Date(time.now().getTime() + waitMs) });
  }
}
