import { Inject, Injectable } from '@nestjs/common';
import { RequestId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import { defineJob, Jobs } from '@support101/jobs';
import { LOG, type Log } from '@support101/service-kit';
import { z } from 'zod';

/** Looks at one request when something about it falls due: a lease, a warning, the deadline, the expiry. */
export const requestTimer = defineJob({
  name: 'requests.timer',
  payload: z.object({ tenantId: TenantId, requestId: RequestId }),
  attempts: 5,
  backoffMs: 1_000,
  concurrency: 8,
  timeoutMs: 30_000,
});

/** A request and when it is next to be looked at. */
export interface Due {
  readonly tenantId: TenantId;
  readonly requestId: RequestId;
  readonly nextDueAt: Date;
}

/** Sets the timers of requests. They are hints: the rows say what is due, and a sweep finds what a lost timer missed. */
@Injectable()
export class RequestTimers {
  constructor(
    private readonly jobs: Jobs,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Sets the timer once the transaction has committed; nothing when nothing falls due any more. */
  arm(tx: Tx, request: Omit<Due, 'nextDueAt'> & { readonly nextDueAt: Date | null }): void {
    const { tenantId, requestId, nextDueAt } = request;
    if (nextDueAt !== null) tx.afterCommit(() => void this.set({ tenantId, requestId, nextDueAt }));
  }

  /** Never throws: what could not be queued now is found by the next sweep. `firing` is the id of the job that asks. */
  async set(due: Due, firing?: string): Promise<void> {
    try {
      await this.jobs.enqueue(requestTimer, payloadOf(due), { id: timerId(due, firing), runAt: due.nextDueAt });
    } catch (error) {
      this.log.warn({ error, requestId: due.requestId }, 'the timer of a request could not be set; the next sweep will');
    }
  }
}

/** What a job of this due request carries. */
export function payloadOf({ tenantId, requestId }: Due): z.infer<typeof requestTimer.payload> {
  return { tenantId, requestId };
}

/**
 * One job per request and moment: setting a timer again is a no-op, and one that was moved leaves the old job, which
 * finds nothing due. A job that fires too early and asks for its own moment again gets another id, as its own is in use.
 */
export function timerId({ requestId, nextDueAt }: Due, firing?: string): string {
  const id = `${requestId}-${nextDueAt.getTime()}`;
  return id === firing ? `${id}-again` : id;
}
