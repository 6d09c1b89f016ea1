import type { Hands } from './hands.js';
import type { JobDefinition } from './job.js';
import type { JobDriver, QueuedJob } from './job-driver.js';
import { currentTraceparent } from './tracing.js';

/** When a job is to run, and under which name it is known. */
export interface EnqueueOptions {
  /** Stable: the same id while the job waits or runs is a no-op. At most 200 characters. */
  readonly id: string;
  readonly runAt?: Date;
  /** Continues this trace instead of the active one. */
  readonly traceparent?: string;
}

/** A free hand of this process for one job of a kind. Use it or give it back; what comes first counts. */
export interface JobHand<P> {
  /** Starts the job here and now, past the queue. A try that fails brings it to the queue, which has all of its own. */
  work(payload: P, options: Omit<EnqueueOptions, 'runAt'>): void;
  /** There is nothing to do after all. */
  free(): void;
}

/** Queues jobs of one service. A job is a hint to look at the database, which remains the truth. */
export class Jobs {
  readonly #hands = new Map<string, Hands>();

  constructor(
    private readonly service: string,
    private readonly driver: JobDriver,
  ) {}

  /** Queues a job; throws when the payload does not fit the definition. */
  async enqueue<P>(job: JobDefinition<P>, payload: P, options: EnqueueOptions): Promise<void> {
    await this.driver.add(queueName(this.service, job.name), toQueued(job, payload, options));
  }

  /**
   * A free hand of this process, for work that it knows to be its own, as by a lease it has just taken; undefined when
   * all are busy or the process takes no more work. A job that a hand works on is unknown to the queue: when the process
   * dies, only a refill brings it back.
   */
  hand<P>(job: JobDefinition<P>): JobHand<P> | undefined {
    const hand = this.#hands.get(job.name)?.take();
    if (hand === undefined) return undefined;
    return { work: (payload, options) => hand.work(toQueued(job, payload, options)), free: () => hand.free() };
  }

  /** The host tells whose hands work on jobs of this name. */
  attach(job: string, hands: Hands): void {
    this.#hands.set(job, hands);
  }
}

function toQueued<P>(job: JobDefinition<P>, payload: P, options: EnqueueOptions): QueuedJob {
  if (options.id === '' || options.id.length > 200) throw new Error(`${job.name}: a job's id has 1 to 200 characters`);
  const traceparent = options.traceparent ?? currentTraceparent();
  return {
    id: options.id,
    body: JSON.stringify(job.payload.parse(payload)),
    ...(options.runAt === undefined ? {} : { runAt: options.runAt }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** The name of a job's queue in the driver: services of one process or one Redis do not meet. */
export function queueName(service: string, job: string): string {
  return `${service}.${job}`;
}
