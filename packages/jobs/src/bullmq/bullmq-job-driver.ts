import type { JobAttempt, JobCounts, JobDriver, JobDriverStatus, QueuedJob, Worker, WorkOptions } from '../job-driver.js';
import { silentLog, type JobsLog } from '../jobs-log.js';
import { BullMqQueue } from './bullmq-queue.js';
import { RedisLink, type RedisOptions } from './redis-link.js';

/** Keeps jobs in Redis. They survive the process; whether they survive Redis does not matter, as refills bring them back. */
export class BullMqJobDriver implements JobDriver {
  readonly #queues = new Map<string, BullMqQueue>();
  readonly #workers = new Map<string, Worker>();
  #closed = false;

  private constructor(
    private readonly link: RedisLink,
    private readonly log: JobsLog,
  ) {
    link.onLost(() => void this.#sendAgain());
  }

  /** Connects; throws when Redis does not answer in time, or may evict keys. */
  static async open(options: RedisOptions): Promise<BullMqJobDriver> {
    const log = options.log ?? silentLog;
    return new BullMqJobDriver(await RedisLink.open(options, log), log);
  }

  async add(queue: string, job: QueuedJob): Promise<void> {
    if (!this.#closed) await this.#queue(queue).add(job);
  }

  async work(queue: string, options: WorkOptions, handler: (attempt: JobAttempt) => Promise<void>): Promise<Worker> {
    if (this.#closed) throw new Error('the job driver is closed');
    if (this.#workers.has(queue)) throw new Error(`${queue} is already worked`);
    const worker = await this.#queue(queue).work(options, handler);
    this.#workers.set(queue, worker);
    return {
      close: async () => {
        this.#workers.delete(queue);
        await worker.close();
      },
    };
  }

  onLost(listener: () => void): void {
    this.link.onLost(listener);
  }

  async counts(queue: string): Promise<JobCounts> {
    return this.#queue(queue).counts();
  }

  status(): JobDriverStatus {
    if (this.#closed) return { kind: 'bullmq', state: 'closed' };
    const { connection } = this.link;
    const unsent = [...this.#queues.values()].reduce((sum, queue) => sum + queue.unsent, 0);
    if (!connection.up) return { kind: 'bullmq', state: 'down', detail: `${connection.outage}; ${unsent} jobs wait for it` };
    return { kind: 'bullmq', state: 'up', detail: `Redis at ${connection.address}` };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.link.close();
  }

  #queue(name: string): BullMqQueue {
    const queue = this.#queues.get(name) ?? new BullMqQueue(name, this.link, this.log);
    this.#queues.set(name, queue);
    return queue;
  }

  async #sendAgain(): Promise<void> {
    for (const queue of this.#queues.values()) await queue.sendAgain();
  }
}
