import { Injectable } from '@nestjs/common';
import { type Caller, DomainError, type InputOf, type OutputOf, type TenantId } from '@support101/contracts';
import type { RunOutcome, RunUsage } from '@support101/contracts/agent-runtime';
import type * as contract from '@support101/contracts/tenancy';
import { Database, type Tx } from '@support101/database';
import { type Delivery, Inbox } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { limitsOf } from '../tenants/tenants.service.js';
import { type HeldPlaces, type Standing, UsageRepository } from './usage.repository.js';
import * as rules from './usage.rules.js';

/** What is said of every run that has ended; not every way to end has an outcome. */
export interface RunEnd {
  readonly runId: string;
  readonly usage: RunUsage;
  readonly outcome?: RunOutcome | undefined;
}

const noUsage = { inputTokens: 0, outputTokens: 0, costMicroUsd: 0 };

/** What tenants may have, hold now and have used. */
@Injectable()
export class UsageService {
  constructor(
    private readonly database: Database,
    private readonly inbox: Inbox,
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
    await this.database.forTenant(tenantId, (tx) => this.#giveBack(tx, tenantId, limit, holder));
  }

  async get({ tenantId, period }: InputOf<typeof contract.getUsage>): Promise<contract.TenantUsage> {
    const now = this.clock.now();
    const month = period ?? rules.periodOf(now);
    return this.database.forTenant(tenantId, async (tx) => {
      const { tier, ownLimits } = found(await this.repository.standing(tx, tenantId));
      const taken = await this.repository.countTaken(tx, tenantId, now);
      const counts = new Map(taken.map(({ limit, count }) => [limit, count]));
      return {
        tenantId,
        period: month,
        limits: rules.limitsInUse(limitsOf(tier, ownLimits), counts),
        ...rules.monthOf(await this.repository.month(tx, tenantId, month)),
      };
    });
  }

  /** A record is there: it has a place, reserved before or not, also above the limit. */
  added(delivery: Delivery, kind: rules.EntryKind, holder: rules.HolderKind, id: string): Promise<void> {
    return this.#once(delivery, async (tx) => {
      await this.#append(tx, delivery, kind, id);
      await this.#takeAsFact(tx, delivery, holder, id);
    });
  }

  /** A record is gone, and its place is free. */
  removed(delivery: Delivery, kind: rules.EntryKind, holder: rules.HolderKind, id: string): Promise<void> {
    return this.#once(delivery, async (tx) => {
      await this.#append(tx, delivery, kind, id);
      await this.#giveBack(tx, delivery.event.tenantid, rules.holders[holder].limit, id);
    });
  }

  /** A run has ended: what it has used is written, and its place is free. */
  runEnded(delivery: Delivery, status: 'completed' | 'failed' | 'cancelled' | 'timed_out', end: RunEnd): Promise<void> {
    const kind =
      status === 'completed' || status === 'failed' ? rules.runEnding(status, end.outcome) : (`run_${status}` as const);
    return this.#once(delivery, async (tx) => {
      await this.#append(tx, delivery, kind, end.runId, end.usage);
      await this.#giveBack(tx, delivery.event.tenantid, rules.holders.run.limit, end.runId);
    });
  }

  /** A run waits for a person and works no more; or it goes on, which nobody refuses it. */
  runPaused(delivery: Delivery, runId: string): Promise<void> {
    return this.#once(delivery, (tx) => this.#giveBack(tx, delivery.event.tenantid, rules.holders.run.limit, runId));
  }

  runResumed(delivery: Delivery, runId: string): Promise<void> {
    return this.#once(delivery, (tx) => this.#takeAsFact(tx, delivery, 'run', runId));
  }

  /** The tenant is gone, and what was known of its use. */
  removeAll(delivery: Delivery<typeof contract.tenantDeleted>): Promise<void> {
    return this.#once(delivery, (tx) => this.repository.removeAll(tx, delivery.event.tenantid));
  }

  async #once(delivery: Delivery, run: (tx: Tx) => Promise<void>): Promise<void> {
    await this.inbox.once(delivery, run);
  }

  async #append(tx: Tx, { event }: Delivery, kind: rules.EntryKind, recordId: string, usage: Omit<RunUsage, 'model'> = noUsage) {
    const at = new Date(event.time);
    const { inputTokens, outputTokens, costMicroUsd } = usage;
    const entry = { tenantId: event.tenantid, recordId, kind, at, period: rules.periodOf(at) };
    await this.repository.append(tx, { ...entry, inputTokens, outputTokens, costMicroUsd });
  }

  /** Events of one record come in order; one that failed and is replayed later must not take a place for good. */
  async #takeAsFact(tx: Tx, { event }: Delivery, kind: rules.HolderKind, holder: string): Promise<void> {
    const { limit, endings, leaseSeconds } = rules.holders[kind];
    const held = await this.repository.hold(tx, event.tenantid, limit);
    if (held === undefined || (await this.repository.hasEntry(tx, event.tenantid, holder, endings))) return;
    const now = this.clock.now();
    const expiresAt = rules.endOfLease(leaseSeconds, now);
    await this.repository.take(tx, held, { holder, now, expiresAt, bound: rules.noBound });
  }

  async #giveBack(tx: Tx, tenantId: TenantId, limit: contract.ReservableLimit, holder: string): Promise<void> {
    const held: HeldPlaces | undefined = await this.repository.hold(tx, tenantId, limit);
    if (held !== undefined) await this.repository.giveBack(tx, held, holder);
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
