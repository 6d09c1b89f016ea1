import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Processes, Refills, type JobContext, type RefillItem } from '@support101/jobs';
import { LOG, type Log } from '@support101/service-kit';
import { JournalService, type RunRef } from '../journal/journal.service.js';
import { executeRun, RunQueue } from '../platform/run-queue.js';
import { ExecutionService } from './execution.service.js';

const recoveryMs = 1_000;

/** Brings runs to the worker: as they are accepted, from the database at boot and each sweep, and within seconds when a worker dies. */
@Injectable()
export class ExecutionJobs implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(
    private readonly execution: ExecutionService,
    private readonly journal: JournalService,
    private readonly queue: RunQueue,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Processes(executeRun)
  work(run: RunRef, { signal }: JobContext): Promise<void> {
    return this.execution.execute(run, signal);
  }

  @Refills(executeRun)
  async *due(): AsyncIterable<RefillItem<RunRef>> {
    for await (const { traceparent, ...run } of this.journal.due()) {
      yield { id: run.runId, payload: run, ...(traceparent === null ? {} : { traceparent }) };
    }
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void (this.#looking ??= this.#recover()), recoveryMs).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #recover(): Promise<void> {
    try {
      for (const run of await this.journal.abandoned()) await this.queue.offer(run);
    } catch (error) {
      this.log.warn({ error }, 'could not look for abandoned runs');
    } finally {
      this.#looking = undefined;
    }
  }
}
