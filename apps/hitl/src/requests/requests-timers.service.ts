import { Injectable } from '@nestjs/common';
import { isDomainError, type RequestId, serviceCaller, type TenantId } from '@support101/contracts';
import type { RefillItem } from '@support101/jobs';
import { Clock, ServiceDatabase } from '@support101/service-kit';
import type { z } from 'zod';
import { type Due, payloadOf, RequestTimers, type requestTimer, timerId } from '../platform/request-timers.js';
import { RequestsRepository, type RequestRow } from './requests.repository.js';
import { nextDue } from './requests.rules.js';
import { RequestsChangesService } from './requests-changes.service.js';

/** How far ahead timers are set by a refill, in milliseconds; later ones are found by a later sweep, long before. */
const horizonMs = 24 * 60 * 60 * 1000;
const batch = 500;

/** What becomes true of requests by time passing. */
@Injectable()
export class RequestsTimersService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly requests: RequestsRepository,
    private readonly changes: RequestsChangesService,
    private readonly timers: RequestTimers,
    private readonly clock: Clock,
  ) {}

  /** Does what is due now, which may be nothing: the row decides, not the timer. `jobId` is the job that fires. */
  async fire(tenantId: TenantId, requestId: RequestId, jobId: string): Promise<void> {
    const row = await this.#tick(tenantId, requestId);
    const nextDueAt = row === undefined ? null : nextDue(row);
    // The change has set the next timer already, unless nothing was due yet.
    if (nextDueAt !== null) await this.timers.set({ tenantId, requestId, nextDueAt }, jobId);
  }

  /** All that falls due within a day, soonest first. Reads in small transactions, and none is open in between. */
  async *due(): AsyncGenerator<RefillItem<z.infer<typeof requestTimer.payload>>> {
    const before = new Date(this.clock.now().getTime() + horizonMs);
    for (let last: Due | undefined; ;) {
      const after = last;
      const found = await this.database.asSystem('job-refill', (tx) => this.requests.due(tx, before, after, batch));
      for (const due of found) yield { id: timerId(due), payload: payloadOf(due), runAt: due.nextDueAt };
      last = found.at(-1);
      if (found.length < batch) return;
    }
  }

  async #tick(tenantId: TenantId, requestId: RequestId): Promise<RequestRow | undefined> {
    const caller = serviceCaller('hitl', requestId, tenantId);
    try {
      return await this.database.forTenant(tenantId, (tx) =>
        this.changes.apply(tx, tenantId, requestId, { kind: 'tick' }, caller),
      );
    } catch (error) {
      // Its tenant is gone, and with it the request.
      if (isDomainError(error) && error.code === 'request_not_found') return undefined;
      throw error;
    }
  }
}
