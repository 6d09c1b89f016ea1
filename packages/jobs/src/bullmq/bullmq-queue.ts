import { createHash } from 'node:crypto';
import { DelayedError, Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import { settleWithin, systemTime } from '@support101/time';
import {
  backoffAfter,
  type JobAttempt,
  type JobCounts,
  type QueuedJob,
  type Worker as QueueWorker,
  type WorkOptions,
} from '../job-driver.js';
import type { JobsLog } from '../jobs-log.js';
import { drainMs, isGiveUp, runAttempt, type RunningAttempt } from '../run-attempt.js';
import { Redis } from 'ioredis';
import type { RedisLink } from './redis-link.js';

/** What is kept in Redis. */
interface Kept {
  readonly id: string;
  readonly body: string;
  readonly traceparent?: string;
}

/** Attempts are counted by who works the queue; BullMQ's own limit must not come first. */
const unlimited = 1_000_000;

/** Starts without an end beyond the attempts, before a job is taken for one that kills its workers. */
const killsAllowed = 20;

const closeWithinMs = 5_000;
const unsentAtMost = 10_000;

/** One queue of BullMQ. */
export class BullMqQueue {
  readonly #queue: Queue<Kept>;
  readonly #prefix: string;
  readonly #name: string;
  /** Queued while Redis was away. */
  readonly #unsent = new Map<string, QueuedJob>();
  readonly #running = new Set<RunningAttempt>();
  readonly #final = new Map<string, Error>();
  #sending: Promise<void> | undefined;

  constructor(
    /** `<service>.<job>`: the service becomes part of every key. */
    private readonly name: string,
    private readonly link: RedisLink,
    private readonly log: JobsLog,
  ) {
    const dot = name.indexOf('.');
    this.#prefix = `s101:${name.slice(0, Math.max(dot, 0))}`;
    this.#name = name.slice(dot + 1);
    this.#queue = new Queue<Kept>(this.#name, {
      connection: link.connection.redis,
      prefix: this.#prefix,
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    this.#queue.on('error', () => undefined); // told by the link, once for all queues
  }

  /** Jobs that wait for Redis to come back. */
  get unsent(): number {
    return this.#unsent.size;
  }

  /** Never rejects: what Redis does not take now it gets when it is back. */
  async add(job: QueuedJob): Promise<void> {
    try {
      await this.#send(job);
    } catch (error) {
      this.log.warn({ queue: this.name, id: job.id, error }, 'a job could not be queued; it is tried again when Redis answers');
      if (this.#unsent.size < unsentAtMost) this.#unsent.set(job.id, job);
    }
  }

  async counts(): Promise<JobCounts> {
    const { wait = 0, delayed = 0, active = 0 } = await this.#queue.getJobCounts('wait', 'delayed', 'active');
    return { waiting: wait, delayed, active };
  }

  /** Queues what could not be queued before. */
  sendAgain(): Promise<void> {
    this.#sending ??= this.#sendUnsent().finally(() => (this.#sending = undefined));
    return this.#sending;
  }

  /** Starts to work the queue. */
  async work(options: WorkOptions, handler: (attempt: JobAttempt) => Promise<void>): Promise<QueueWorker> {
    let closing = false;
    const { connection, disconnect } = patientConnection(this.link);
    const process = async (job: Job<Kept>, token?: string) => {
      const failure = await this.#attempt(job, options, handler);
      if (failure === undefined) return;
      if (closing) {
        await job.moveToDelayed(Date.now(), token);
        throw new DelayedError();
      }
      if (job.attemptsMade + 1 < options.attempts && !isGiveUp(failure)) throw failure;
      this.#final.set(job.id ?? '', failure);
      throw new UnrecoverableError(failure.message);
    };
    const worker = new Worker<Kept>(this.#name, process, {
      connection,
      prefix: this.#prefix,
      concurrency: options.concurrency,
      // A killed worker's job is taken by another within about three seconds.
      lockDuration: 3_000,
      stalledInterval: 1_000,
      maxStalledCount: unlimited,
      runRetryDelay: 1_000,
      settings: { backoffStrategy: (attemptsMade: number) => backoffAfter(attemptsMade, options.backoffMs) },
    });
    worker.on('error', () => undefined);
    worker.on('failed', (job) => void this.#failed(job, options));
    await worker.waitUntilReady();
    return {
      close: async () => {
        closing = true;
        await this.#drain(worker);
        disconnect();
      },
    };
  }

  async close(): Promise<void> {
    // The connection is shared; the queue has none of its own to close.
    this.#queue.removeAllListeners();
    this.#unsent.clear();
    await this.#sending;
  }

  async #send(job: QueuedJob): Promise<void> {
    const { id, body, traceparent, runAt } = job;
    const kept = { id, body, ...(traceparent === undefined ? {} : { traceparent }) };
    await this.#queue.add(this.#name, kept, {
      jobId: keyOf(id),
      delay: Math.max(0, (runAt?.getTime() ?? 0) - Date.now()),
      attempts: unlimited,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 0,
    });
  }

  async #sendUnsent(): Promise<void> {
    for (const [id, job] of this.#unsent) {
      try {
        await this.#send(job);
        this.#unsent.delete(id);
      } catch {
        return;
      }
    }
  }

  async #attempt(
    job: Job<Kept>,
    options: WorkOptions,
    handler: (attempt: JobAttempt) => Promise<void>,
  ): Promise<Error | undefined> {
    if (job.attemptsStarted > options.attempts + killsAllowed) {
      const failure = new Error(`the job was started ${job.attemptsStarted} times and did not end`);
      return Object.assign(failure, { name: 'GiveUp' });
    }
    const running = runAttempt(systemTime, options.timeoutMs, { ...job.data, attempt: job.attemptsMade + 1 }, handler);
    this.#running.add(running);
    const failure = await running.outcome;
    this.#running.delete(running);
    return failure;
  }

  async #failed(job: Job<Kept> | undefined, options: WorkOptions): Promise<void> {
    const failure = this.#final.get(job?.id ?? '');
    if (job === undefined || failure === undefined) return;
    this.#final.delete(job.id ?? '');
    try {
      await options.onExhausted({ ...job.data, attempt: job.attemptsMade, signal: new AbortController().signal }, failure);
    } catch (error) {
      this.log.error({ queue: this.name, id: job.data.id, error }, 'giving up on a job failed');
    }
  }

  async #drain(worker: Worker<Kept>): Promise<void> {
    // With Redis away BullMQ would wait for it for ever.
    const closed = worker.close(!this.link.connection.up).catch(() => undefined);
    const outcomes = () => [...this.#running].map((running) => running.outcome);
    await settleWithin(systemTime, drainMs, outcomes());
    for (const running of this.#running) running.abort(new Error('the process is shutting down'));
    await Promise.all(outcomes());
    await settleWithin(systemTime, closeWithinMs, [closed]);
  }
}

/**
 * A worker waits for Redis as long as it takes, and for a job as long as none comes. It makes a second connection from
 * the one it is given; `disconnect` ends both, also while Redis is away.
 */
function patientConnection(link: RedisLink): { connection: Redis; disconnect(): void } {
  const { commandTimeout: _limit, replyMapping: _mapping, ...options } = link.connection.redis.options;
  const connection = new Redis({
    ...options,
    lazyConnect: false,
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
  });
  const all = [connection];
  const duplicate = connection.duplicate.bind(connection);
  connection.duplicate = (override) => {
    const twin = duplicate(override);
    twin.on('error', () => undefined);
    all.push(twin);
    return twin;
  };
  connection.on('error', () => undefined);
  return {
    connection,
    disconnect: () => {
      for (const each of all) each.disconnect();
    },
  };
}

/** BullMQ takes neither integers nor colons as ids. */
function keyOf(id: string): string {
  return /^[\w-]{1,100}$/.test(id) ? `j-${id}` : `h-${createHash('sha256').update(id).digest('hex')}`;
}
