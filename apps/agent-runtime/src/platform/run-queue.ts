import { Inject, Injectable } from '@nestjs/common';
import { RunId, TenantId } from '@support101/contracts';
import { defineJob, Jobs } from '@support101/jobs';
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

/** Offers runs to the workers. */
@Injectable()
export class RunQueue {
  constructor(
    private readonly jobs: Jobs,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Never throws: the run is in the database already, and whoever looks for due work there finds it later. */
  async offer(run: { readonly tenantId: TenantId; readonly runId: RunId }): Promise<void> {
    try {
      await this.jobs.enqueue(executeRun, { tenantId: run.tenantId, runId: run.runId }, { id: run.runId });
    } catch (error) {
      this.log.warn({ error, runId: run.runId }, 'the run could not be queued; the next sweep will');
    }
  }
}
