import { systemTime, type TimeSource } from '@support101/time';
import { InProcessQueue } from './in-process-queue.js';
import type { JobAttempt, JobCounts, JobDriver, JobDriverStatus, QueuedJob, Worker, WorkOptions } from './job-driver.js';
import { silentLog, type JobsLog } from './jobs-log.js';

/** Keeps jobs in memory: what was in it when the process ended comes back from the database by refills. */
export class InProcessJobDriver implements JobDriver {
  readonly #time: TimeSource;
  readonly #log: JobsLog;
  readonly #queues = new Map<string, InProcessQueue>();
  readonly #workers = new Set<Worker>();
  #closed = false;

  constructor(options: { time?: TimeSource; log?: JobsLog } = {}) {
    this.#time = options.time ?? systemTime;
    this.#log = options.log ?? silentLog;
  }

  async add(queue: string, job: QueuedJob): Promise<void> {
    // While shutting down nothing would run it; the next process finds the work in the database.
    if (!this.#closed) this.#queue(queue).add(job);
  }

  async work(queue: string, options: WorkOptions, handler: (attempt: JobAttempt) => Promise<void>): Promise<Worker> {
    if (this.#closed) throw new Error('the job driver is closed');
    const worker = this.#queue(queue).work(options, handler);
    this.#workers.add(worker);
    return {
      close: async () => {
        await worker.close();
        this.#workers.delete(worker);
      },
    };
  }

  onLost(): void {
    // Its jobs are lost with the process only, and the next one asks the database at its boot.
  }

  async counts(queue: string): Promise<JobCounts> {
    return this.#queues.get(queue)?.counts() ?? { waiting: 0, delayed: 0, active: 0 };
  }

  status(): JobDriverStatus {
    const queued = Object.fromEntries([...this.#queues].map(([name, queue]) => [name, queue.size]));
    return { kind: 'in-process', state: this.#closed ? 'closed' : 'up', queued };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers].map((worker) => worker.close()));
  }

  #queue(name: string): InProcessQueue {
    const queue = this.#queues.get(name) ?? new InProcessQueue(name, this.#time, this.#log);
    this.#queues.set(name, queue);
    return queue;
  }
}
