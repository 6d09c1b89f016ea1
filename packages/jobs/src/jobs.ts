import type { JobDefinition } from './job.js';
import type { JobDriver } from './job-driver.js';
import { currentTraceparent } from './tracing.js';

/** When a job is to run, and under which name it is known. */
export interface EnqueueOptions {
  /** Stable: the same id while the job waits or runs is a no-op. At most 200 characters. */
  readonly id: string;
  readonly runAt?: Date;
  /** Continues this trace instead of the active one. */
  readonly traceparent?: string;
}

/** Queues jobs of one service. A job is a hint to look at the database, which remains the truth. */
export class Jobs {
  constructor(
    private readonly service: string,
    private readonly driver: JobDriver,
  ) {}

  /** Queues a job; throws when the payload does not fit the definition. */
  async enqueue<P>(job: JobDefinition<P>, payload: P, options: EnqueueOptions): Promise<void> {
    if (options.id === '' || options.id.length > 200) throw new Error(`${job.name}: a job's id has 1 to 200 characters`);
    const traceparent = options.traceparent ?? currentTraceparent();
    await this.driver.add(queueName(this.service, job.name), {
      id: options.id,
      body: JSON.stringify(job.payload.parse(payload)),
      ...(options.runAt === undefined ? {} : { runAt: options.runAt }),
      ...(traceparent === undefined ? {} : { traceparent }),
    });
  }
}

/** The name of a job's queue in the driver: services of one process or one Redis do not meet. */
export function queueName(service: string, job: string): string {
  return `${service}.${job}`;
}
