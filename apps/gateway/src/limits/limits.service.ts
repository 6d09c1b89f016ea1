import { Injectable } from '@nestjs/common';
import { DomainError, type TenantId } from '@support101/contracts';
import { Clock } from '@support101/service-kit';
import { ExpiringMap } from '../platform/expiring-map.js';
import { type Count, limitHeaders, take, windowMs } from './limits.rules.js';

/** Counts the requests of each tenant, in this process. */
@Injectable()
export class LimitsService {
  readonly #counts = new ExpiringMap<Count>(100_000);

  constructor(private readonly clock: Clock) {}

  /** Counts one request; gives the headers that say how it stands, or throws `rate_limited`. */
  take(tenantId: TenantId, maxRequestsPerMinute: number): Record<string, string> {
    const now = this.clock.now().getTime();
    const verdict = take(maxRequestsPerMinute, this.#counts.get(tenantId, now), now);
    this.#counts.set(tenantId, verdict.count, now + 2 * windowMs);
    if (verdict.allowed) return limitHeaders(maxRequestsPerMinute, verdict);
    throw new DomainError('rate_limited', `The tenant's limit is ${maxRequestsPerMinute} requests per minute.`, {
      retryAfterSeconds: verdict.resetSeconds,
    });
  }
}
