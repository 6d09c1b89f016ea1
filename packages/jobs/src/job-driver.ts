/** A job as a driver keeps it: the payload is JSON text. */
export interface QueuedJob {
  readonly id: string;
  readonly body: string;
  /** Not before this time; at once when left out or past. */
  readonly runAt?: Date;
  readonly traceparent?: string;
}

/** One try of a job. */
export interface JobAttempt {
  readonly id: string;
  readonly body: string;
  readonly traceparent?: string;
  /** Counts from 1. */
  readonly attempt: number;
  readonly signal: AbortSignal;
}

/** How a queue is worked; times in milliseconds. */
export interface WorkOptions {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Told once about a job whose last try failed; the driver has forgotten the job when this is called. */
  onExhausted(job: JobAttempt, error: Error): Promise<void>;
}

/** Someone who works a queue until it is closed; `close` waits for what is running. */
export interface Worker {
  close(): Promise<void>;
}

/** The jobs of a queue that are kept. */
export interface JobCounts {
  /** Due, and not taken by a worker yet. */
  readonly waiting: number;
  /** Not due yet: for later, or between two tries. */
  readonly delayed: number;
  /** Being worked on. */
  readonly active: number;
}

/** How the driver is now, for readiness and the table of parts. */
export interface JobDriverStatus {
  readonly kind: 'in-process' | 'bullmq';
  readonly state: 'up' | 'down' | 'closed';
  readonly detail?: string;
  /** Per queue: jobs that wait or run, as far as it is known without asking. */
  readonly queued?: Readonly<Record<string, number>>;
}

/** Keeps jobs and runs them. Every implementation passes one conformance suite. */
export interface JobDriver {
  /** Keeps a job; one with the same id that waits or runs makes this a no-op. */
  add(queue: string, job: QueuedJob): Promise<void>;
  /** Works a queue; a queue has one worker per process. */
  work(queue: string, options: WorkOptions, handler: (attempt: JobAttempt) => Promise<void>): Promise<Worker>;
  /** Calls `listener` whenever jobs may have been lost: ask the database again. */
  onLost(listener: () => void): void;
  /** Asks how many jobs a queue keeps; rejects when that cannot be told now. */
  counts(queue: string): Promise<JobCounts>;
  status(): JobDriverStatus;
  /** Closes all workers, then lets go. */
  close(): Promise<void>;
}

/** The longest wait between two tries: one hour. */
export const longestBackoffMs = 3_600_000;

/** The wait before the try after `attempt`: doubles each time. */
export function backoffAfter(attempt: number, backoffMs: number): number {
  return Math.min(longestBackoffMs, backoffMs * 2 ** (attempt - 1));
}
