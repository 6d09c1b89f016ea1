import { Injectable } from '@nestjs/common';
import { DomainError, type TenantId } from '@support101/contracts';
import { Clock } from '@support101/service-kit';
import { ExpiringMap } from '../platform/expiring-map.js';
import { withHeaders } from '../platform/problems.js';
import { answered, askOf, noShare, type Share, spend, spendAlone, type Spent } from './limits-share.rules.js';
import { LimitsClient } from './limits.client.js';
import { limitHeaders, windowMs } from './limits.rules.js';

/** What is known here of one tenant. */
interface Tenant {
  share: Share;
  /** The question that is under way, and how many requests wait for an answer. */
  asking: Promise<void> | undefined;
  waiting: number;
}

/** Often enough for requests that come together to get their answer; then a request is decided by what is known here. */
const mostRounds = 10;

/** Counts the requests of each tenant: together with all other gateways, or alone while that cannot be. */
@Injectable()
export class LimitsService {
  readonly #tenants = new ExpiringMap<Tenant>(100_000);
  /** What to add to our clock for the store's, in milliseconds. */
  #ahead = 0;

  constructor(
    private readonly clock: Clock,
    private readonly store: LimitsClient,
  ) {}

  /** Counts one request; gives the headers that say how it stands, or throws `rate_limited`, whose answer has them too. */
  take(tenantId: TenantId, limit: number): Record<string, string> | Promise<Record<string, string>> {
    const now = this.#now();
    const tenant = this.#tenants.get(tenantId, now) ?? { share: noShare, asking: undefined, waiting: 0 };
    this.#tenants.set(tenantId, tenant, now + 2 * windowMs);
    if (!this.store.usable) return settle(tenant, limit, spendAlone(tenant.share, limit, now));
    const spent = spend(tenant.share, limit, now);
    return spent === undefined ? this.#afterAsking(tenantId, tenant, limit) : settle(tenant, limit, spent);
  }

  async #afterAsking(tenantId: TenantId, tenant: Tenant, limit: number): Promise<Record<string, string>> {
    for (let round = 0; round < mostRounds && this.store.usable; round += 1) {
      tenant.waiting += 1;
      tenant.asking ??= this.#ask(tenantId, tenant, limit);
      await tenant.asking;
      tenant.waiting -= 1;
      const spent = spend(tenant.share, limit, this.#now());
      if (spent !== undefined) return settle(tenant, limit, spent);
    }
    return settle(tenant, limit, spendAlone(tenant.share, limit, this.#now()));
  }

  async #ask(tenantId: TenantId, tenant: Tenant, limit: number): Promise<void> {
    const ask = askOf(tenant.share, limit, this.#now(), tenant.waiting);
    const told = await this.store.take(tenantId, ask);
    tenant.asking = undefined;
    if (told === undefined) return;
    this.#ahead = told.now - this.clock.now().getTime();
    tenant.share = answered(tenant.share, ask, told);
  }

  #now(): number {
    return this.clock.now().getTime() + this.#ahead;
  }
}

function settle(tenant: Tenant, limit: number, { share, verdict }: Spent): Record<string, string> {
  tenant.share = share;
  const headers = limitHeaders(limit, verdict);
  if (verdict.allowed) return headers;
  const detail = `The tenant's limit is ${limit} requests per minute.`;
  throw withHeaders(new DomainError('rate_limited', detail, { retryAfterSeconds: verdict.resetSeconds }), headers);
}
