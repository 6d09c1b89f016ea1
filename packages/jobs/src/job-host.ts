import type { DiscoveryService } from '@nestjs/core';
import type { JobDriver } from './job-driver.js';
import type { Jobs } from './jobs.js';
import type { JobsLog } from './jobs-log.js';
import type { TimeSource } from './time.js';

/** What a service's job host needs. */
export interface JobHostOptions {
  readonly service: string;
  readonly driver: JobDriver;
  readonly jobs: Jobs;
  /** Of the service's Nest container: where the decorated providers are. */
  readonly discovery: DiscoveryService;
  readonly log?: JobsLog;
  readonly time?: TimeSource;
  /** Time between two sweeps in milliseconds; 30 s unless told. */
  readonly sweepMs?: number;
}

/** Runs the jobs of one service: finds processors and refills in the Nest container, asks the refills at boot and at each sweep. */
export class JobHost {
  constructor(readonly options: JobHostOptions) {}

  /** Starts the workers, then refills; throws when two methods process one job, or a refilled job has no processor. */
  start(): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }

  /** Asks every refill now. */
  sweep(): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }

  /** Stops sweeping and waits for running jobs. */
  stop(): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }
}
