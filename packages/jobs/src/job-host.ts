import { MetadataScanner, type DiscoveryService } from '@nestjs/core';
import { measures } from '@support101/telemetry';
import { systemTime, type TimeSource } from '@support101/time';
import { Hands } from './hands.js';
import type { JobDefinition, OnExhausted, RefillItem } from './job.js';
import type { JobAttempt, JobDriver, Worker } from './job-driver.js';
import { queueName, type Jobs } from './jobs.js';
import { silentLog, type JobsLog } from './jobs-log.js';
import { observeQueues } from './observe-queues.js';
import { bindingOf } from './processes.js';
import { GiveUp } from './run-attempt.js';
import { inJobSpan } from './tracing.js';

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

type Method = (...values: unknown[]) => unknown;

/** What is bound to one kind of job. */
interface Bound {
  readonly job: JobDefinition;
  processes?: Method;
  refills?: Method;
  exhausted?: Method;
  hands?: Hands;
  /** Tries that run for the queue. */
  queued: number;
}

/** Runs the jobs of one service: finds processors and refills in the Nest container, asks the refills at boot and at each sweep. */
export class JobHost {
  readonly #options: JobHostOptions;
  readonly #log: JobsLog;
  readonly #time: TimeSource;
  #bound = new Map<string, Bound>();
  #workers: Worker[] = [];
  #cancel: () => void = () => undefined;
  #sweeping: Promise<void> | undefined;
  #stopped = false;
  #stopObserving: () => void = () => undefined;

  constructor(options: JobHostOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#time = options.time ?? systemTime;
  }

  /** Starts the workers, then refills; throws when a job has two processors, or a refill or `@Exhausted` but no processor. */
  async start(): Promise<void> {
    this.#bound = this.#find();
    for (const bound of this.#bound.values()) this.#workers.push(await this.#work(bound));
    const queues = [...this.#bound.keys()].map((name) => this.#queueOf(name));
    this.#stopObserving = observeQueues(this.#options.driver, queues);
    this.#options.driver.onLost(() => {
      if (!this.#stopped) void this.sweep();
    });
    await this.sweep();
    this.#scheduleSweep();
  }

  /** Asks every refill now; one that fails is logged and asked again at the next sweep. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepAll().finally(() => (this.#sweeping = undefined));
    return this.#sweeping;
  }

  /** Stops sweeping and waits for running jobs; those that take too long get their signal. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopObserving();
    this.#cancel();
    const hands = [...this.#bound.values()].flatMap((bound) => bound.hands ?? []);
    await Promise.all([...this.#workers.splice(0), ...hands].map((worker) => worker.close()));
    await this.#sweeping;
  }

  #find(): Map<string, Bound> {
    const found = new Map<string, Bound>();
    const { discovery } = this.#options;
    const instances = new Set(
      [...discovery.getProviders(), ...discovery.getControllers()].map((wrapper) => wrapper.instance as unknown),
    );
    for (const instance of instances) {
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as object | null;
      for (const name of new MetadataScanner().getAllMethodNames(prototype))
        bindTo(found, instance as Record<string, Method>, name);
    }
    for (const { job, processes } of found.values()) {
      if (processes === undefined) throw new Error(`${this.#options.service}: nothing processes the job ${job.name}`);
    }
    return found;
  }

  #queueOf(job: string): string {
    return queueName(this.#options.service, job);
  }

  #work(bound: Bound): Promise<Worker> {
    const { driver, jobs } = this.#options;
    const { attempts, backoffMs, concurrency, timeoutMs, name } = bound.job;
    const queue = this.#queueOf(name);
    const options = {
      attempts,
      backoffMs,
      concurrency,
      timeoutMs,
      onExhausted: (attempt: JobAttempt, error: Error) => this.#exhausted(bound, attempt, error),
    };
    bound.hands = new Hands({
      ...options,
      time: this.#time,
      queued: () => bound.queued,
      process: (attempt) => this.#process(bound, attempt),
      enqueue: (job) => driver.add(queue, job),
    });
    jobs.attach(name, bound.hands);
    return driver.work(queue, options, async (attempt) => {
      bound.queued += 1;
      await this.#process(bound, attempt).finally(() => (bound.queued -= 1));
    });
  }

  async #process({ job, processes }: Bound, attempt: JobAttempt): Promise<void> {
    const attributes = { 'support101.job': job.name, 'support101.job.id': attempt.id, 'support101.job.attempt': attempt.attempt };
    const queue = this.#queueOf(job.name);
    const startedAt = performance.now();
    measures.jobsStarted.add({ job: queue });
    await inJobSpan(`job ${job.name}`, attributes, attempt.traceparent, async () => {
      try {
        const { id, signal } = attempt;
        await processes?.(payloadOf(job, attempt.body), { id, signal, attempt: attempt.attempt });
        measures.jobsEnded.since(startedAt, { job: queue, outcome: 'done' });
      } catch (error) {
        measures.jobsEnded.since(startedAt, { job: queue, outcome: 'failed' });
        this.#log.warn({ job: job.name, id: attempt.id, attempt: attempt.attempt, error }, 'a job failed');
        throw error;
      }
    });
  }

  async #exhausted({ job, exhausted }: Bound, { id, body, attempt, traceparent }: JobAttempt, error: Error): Promise<void> {
    measures.jobsExhausted.add({ job: this.#queueOf(job.name) });
    this.#log.error({ job: job.name, id, attempts: attempt, error }, 'a job has used up its attempts');
    const handler = (exhausted as OnExhausted<unknown> | undefined) ?? job.onExhausted;
    if (handler === undefined) return;
    await inJobSpan(`exhausted ${job.name}`, { 'support101.job': job.name, 'support101.job.id': id }, traceparent, async () => {
      try {
        await handler(payloadOf(job, body), { id, attempts: attempt, error });
      } catch (failure) {
        this.#log.error({ job: job.name, id, error: failure }, 'giving up on a job failed');
      }
    });
  }

  async #sweepAll(): Promise<void> {
    for (const { job, refills } of this.#bound.values()) {
      if (refills === undefined) continue;
      try {
        for await (const item of refills() as AsyncIterable<RefillItem<unknown>>) {
          if (this.#stopped) return;
          const { payload, ...options } = item;
          await this.#options.jobs.enqueue(job, payload, options);
        }
      } catch (error) {
        this.#log.error(
          { job: job.name, error },
          'the database could not be asked for due jobs; it is asked again at the next sweep',
        );
      }
    }
  }

  #scheduleSweep(): void {
    if (this.#stopped) return;
    this.#cancel = this.#time.schedule(this.#options.sweepMs ?? 30_000, async () => {
      await this.sweep();
      this.#scheduleSweep();
    });
  }
}

function bindTo(found: Map<string, Bound>, instance: Record<string, Method>, name: string): void {
  const method = instance[name];
  const binding = bindingOf(method);
  if (binding === undefined || method === undefined) return;
  const bound = found.get(binding.job.name) ?? { job: binding.job as unknown as JobDefinition, queued: 0 };
  if (bound.job !== (binding.job as unknown)) throw new Error(`two jobs are called ${binding.job.name}`);
  if (bound[binding.kind] !== undefined) throw new Error(`two methods have ${binding.kind} of the job ${binding.job.name}`);
  bound[binding.kind] = method.bind(instance);
  found.set(binding.job.name, bound);
}

/** The payload of a job queued by this or an earlier version of the service. */
function payloadOf(job: JobDefinition, body: string): unknown {
  const payload = job.payload.safeParse(JSON.parse(body));
  if (!payload.success) throw new GiveUp(`the payload does not fit ${job.name}: ${payload.error.message}`);
  return payload.data;
}
