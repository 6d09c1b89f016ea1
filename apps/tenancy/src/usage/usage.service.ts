import { Injectable } from '@nestjs/common';
import { type Caller, DomainError, type InputOf, type OutputOf, type TenantId } from '@support101/contracts';
import type * as contract from '@support101/contracts/tenancy';
import { Database, type Tx } from '@support101/database';
import { Clock } from '@support101/service-kit';
import { limitsOf } from '../tenants/tenants.service.js';
import { type Standing, UsageRepository } from './usage.repository.js';
import * as rules from './usage.rules.js';

/** What tenants may have, hold now and have used. */
@Injectable()
export class UsageService {
  constructor(
    private readonly database: Database,
    private readonly repository: UsageRepository,
    private readonly clock: Clock,
  ) {}

  /** What a tenant may have and do, in one round trip: every service asks for it every few seconds. */
  async limits(tenantId: TenantId): Promise<OutputOf<typeof contract.tenantLimits>> {
    const alone: Pick<Tx, 'query'> = {
      query: (text, values, name) => this.database.queryForTenant(tenantId, text, values, name),
    };
    const { status, tier, ownLimits, allowedBlueprints } = found(await this.repository.standing(alone, tenantId));
    return { tenantId, status, tier, limits: limitsOf(tier, ownLimits), allowedBlueprints };
  }

  async reserve(
    { limit, holder, ttlSeconds }: InputOf<typeof contract.reserveUsage>,
    caller: Caller,
  ): Promise<OutputOf<typeof contract.reserveUsage>> {
    const tenantId = tenantOf(caller);
    const now = this.clock.now();
    const expiresAt = rules.endOfLease(ttlSeconds, now);
    const { bound, place } = await this.database.forTenant(tenantId, async (tx) => {
      const held = found(await this.repository.hold(tx, tenantId, limit));
      rules.checkActive(held.status);
      const bound = limitsOf(held.tier, held.ownLimits)[rules.boundOf[limit]];
      return { bound, place: await this.repository.take(tx, held, { holder, now, expiresAt, bound }) };
    });
    if (!place.taken) throw rules.noPlace(limit, bound, place.nextEnd, now);
    return { current: place.others + 1, limit: bound };
  }

  async release({ limit, holder }: InputOf<typeof contract.releaseUsage>, caller: Caller): Promise<void> {
    const tenantId = tenantOf(caller);
    await this.database.burstForTenant(tenantId, (tx) => this.repository.giveBack(tx, tenantId, limit, holder));
  }

  async get({ tenantId, period }: InputOf<typeof contract.getUsage>): Promise<contract.TenantUsage> {
    const now = this.clock.now();
    const month = period ?? rules.periodOf(now);
    const [standing, taken, totals] = await this.database.burstForTenant(tenantId, (tx) =>
      Promise.all([
        this.repository.standing(tx, tenantId),
        this.repository.countTaken(tx, tenantId, now),
        this.repository.month(tx, tenantId, month),
      ]),
    );
    const { tier, ownLimits } = found(standing);
    const counts = new Map(taken.map(({ limit, count }) => [limit, count]));
    return {
      tenantId,
      period: month,
      limits: rules.limitsInUse(limitsOf(tier, ownLimits), counts),
      ...rules.monthOf(totals),
    };
  }
}

function tenantOf({ tenantId }: Caller): TenantId {
  if (tenantId === undefined) throw new DomainError('tenant_required');
  return tenantId;
}

function found<T extends Standing>(standing: T | undefined): T {
  if (standing === undefined) throw new DomainError('tenant_not_found');
  return standing;
}
