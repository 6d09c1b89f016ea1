import { Inject, Injectable } from '@nestjs/common';
import { RunId, TenantId } from '@support101/contracts';
import { defineJob, Jobs, type JobHand } from '@support101/jobs';
import { LOG, type Log } from '@support101/service-kit';
import { z } from 'zod';

/** Works on one run until it ends or waits. The job's id is the run's: a queue never holds it twice. */
export const executeRun = defineJob({
  name: 'execution.run',
  payload: z.object({ tenantId: TenantId, runId: RunId }),
  // Few: a run that a worker had and lost is found again within seconds by its expired lease.
  attempts: 3,
  backoffMs: 500,
  concurrency: 16,
  // Longer than the longest run; a run has its own, durable time limit.
  timeoutMs: 3_700_000,
});

/** Names a run. */
interface Run {
  readonly tenantId: TenantId;
  readonly runId: RunId;
}

/** A free hand of this process for one run. */
export type RunHand = JobHand<Run>;

/** Offers runs to the workers. */
@Injectable()
export class RunQueue {
  constructor(
    private readonly jobs: Jobs,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** A free hand of this process, for a run that it accepts with its lease; undefined when all are busy. */
  hand(): RunHand | undefined {
    return this.jobs.hand(executeRun);
  }

  /** Never throws: the run is in the database already, and whoever looks for due work there finds it later. */
  async offer(run: Run): Promise<void> {
    try {
      await this.jobs.enqueue(executeRun, { tenantId: run.tenantId, runId: run.runId }, { id: run.runId });
    } catch (error) {
      this.log.warn({ error, runId: run.runId }, 'the run could not be queued; the next sweep will');
    }
  }
}
