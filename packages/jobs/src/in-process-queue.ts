import { AsyncLocalStorage } from 'node:async_hooks';
import { settleWithin, type TimeSource } from '@support101/time';
import { DueQueue } from './due-queue.js';
import { backoffAfter, type JobAttempt, type JobCounts, type QueuedJob, type Worker, type WorkOptions } from './job-driver.js';
import type { JobsLog } from './jobs-log.js';
import { drainMs, isGiveUp, runAttempt, type RunningAttempt } from './run-attempt.js';

interface Waiting {
  readonly job: QueuedJob;
  /** Attempts already made. */
  readonly attempts: number;
  readonly dueAt: number;
  readonly order: number;
}

interface Work {
  readonly options: WorkOptions;
  readonly handler: (attempt: JobAttempt) => Promise<void>;
  /** Leaves the async context of whoever queued the job: its transaction and trace are not the handler's. */
  readonly outside: (run: () => void) => void;
}

// The machine's clock may be set forward while a timer runs: look again at least this often.
const longestWaitMs = 60_000;

/** One queue of the in-process driver. */
export class InProcessQueue {
  readonly #known = new Set<string>();
  readonly #waiting = new DueQueue<Waiting>();
  readonly #running = new Map<RunningAttempt, Promise<void>>();
  #work: Work | undefined;
  #order = 0;
  #cancel: () => void = () => undefined;

  constructor(
    private readonly name: string,
    private readonly time: TimeSource,
    private readonly log: JobsLog,
  ) {}

  /** Jobs that wait or run. */
  get size(): number {
    return this.#known.size;
  }

  counts(): JobCounts {
    const waiting = this.#waiting.dueBy(this.time.now().getTime());
    return { waiting, delayed: this.#waiting.size - waiting, active: this.#running.size };
  }

  add(job: QueuedJob): void {
    if (this.#known.has(job.id)) return;
    this.#known.add(job.id);
    this.#wait(job, 0, job.runAt?.getTime() ?? 0);
    this.#pump();
  }

  work(options: WorkOptions, handler: Work['handler']): Worker {
    if (this.#work !== undefined) throw new Error(`${this.name} is already worked`);
    const outside = AsyncLocalStorage.snapshot();
    const work: Work = { options, handler, outside: (run) => outside(run) };
    this.#work = work;
    this.#pump();
    return { close: () => this.#stop(work) };
  }

  async #stop(work: Work): Promise<void> {
    if (this.#work !== work) return;
    this.#work = undefined;
    this.#cancel();
    await settleWithin(this.time, drainMs, this.#running.values());
    for (const running of this.#running.keys()) running.abort(new Error('the process is shutting down'));
    await Promise.all(this.#running.values());
  }

  #wait(job: QueuedJob, attempts: number, dueAt: number): void {
    this.#waiting.add({ job, attempts, dueAt, order: (this.#order += 1) });
  }

  #pump(): void {
    const work = this.#work;
    if (work === undefined) return;
    this.#cancel();
    const now = this.time.now().getTime();
    while (this.#running.size < work.options.concurrency && (this.#waiting.peek()?.dueAt ?? Infinity) <= now) {
      const waiting = this.#waiting.take() as Waiting;
      work.outside(() => this.#start(work, waiting));
    }
    const next = this.#waiting.peek();
    if (next === undefined || next.dueAt <= now) return;
    this.#cancel = this.time.schedule(Math.min(next.dueAt - now, longestWaitMs), () => this.#pump());
  }

  #start(work: Work, { job, attempts }: Waiting): void {
    const attempt = { id: job.id, body: job.body, attempt: attempts + 1, ...traced(job) };
    const running = runAttempt(this.time, work.options.timeoutMs, attempt, work.handler);
    const done = running.outcome.then((failure) => this.#finish(work, running, job, attempt.attempt, failure));
    this.#running.set(running, done);
  }

  async #finish(work: Work, running: RunningAttempt, job: QueuedJob, attempt: number, failure: Error | undefined): Promise<void> {
    this.#running.delete(running);
    const { attempts, backoffMs } = work.options;
    if (failure === undefined) this.#known.delete(job.id);
    // Shutting down: the database still says that it is due.
    else if (this.#work !== work) this.#known.delete(job.id);
    else if (attempt < attempts && !isGiveUp(failure)) {
      this.#wait(job, attempt, this.time.now().getTime() + backoffAfter(attempt, backoffMs));
    } else await this.#exhaust(work, job, attempt, failure);
    this.#pump();
  }

  async #exhaust(work: Work, job: QueuedJob, attempt: number, failure: Error): Promise<void> {
    this.#known.delete(job.id);
    try {
      const signal = new AbortController().signal;
      await work.options.onExhausted({ id: job.id, body: job.body, attempt, signal, ...traced(job) }, failure);
    } catch (error) {
      this.log.error({ queue: this.name, id: job.id, error }, 'giving up on a job failed');
    }
  }
}

function traced(job: QueuedJob): { traceparent?: string } {
  return job.traceparent === undefined ? {} : { traceparent: job.traceparent };
}
