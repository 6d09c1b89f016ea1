import type { JobAttempt, JobDriver, JobDriverStatus, QueuedJob, Worker, WorkOptions } from './job-driver.js';
import { systemTime, type TimeSource } from './time.js';

/** Keeps jobs in memory: what was in it when the process ended comes back from the database by refills. */
export class InProcessJobDriver implements JobDriver {
  constructor(private readonly time: TimeSource = systemTime) {
    void this.time;
  }

  add(_queue: string, _job: QueuedJob): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }

  work(_queue: string, _options: WorkOptions, _handler: (attempt: JobAttempt) => Promise<void>): Promise<Worker> {
    return Promise.reject(new Error('not yet'));
  }

  status(): JobDriverStatus {
    return { kind: 'in-process', state: 'up' };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
