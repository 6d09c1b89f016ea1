import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { ReservableLimit, TenantStatus, TenantTier } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import type { OwnLimits } from '../tenants/tenants.service.js';
import type { Total } from './usage.rules.js';

/** What is known of a tenant that decides about its limits. */
export interface Standing {
  readonly tenantId: TenantId;
  readonly status: TenantStatus;
  readonly tier: TenantTier;
  readonly ownLimits: OwnLimits;
  readonly allowedBlueprints: string[];
}

/** The places of one limit, held: nobody else changes them until the transaction ends. */
export interface HeldPlaces extends Standing {
  readonly limit: ReservableLimit;
  /** How many are kept without an end. */
  readonly kept: number;
}

/** A place to be taken. */
export interface WantedPlace {
  readonly holder: string;
  readonly now: Date;
  /** Null: kept until it is given back. */
  readonly expiresAt: Date | null;
  readonly bound: number;
}

/** What came of it: whether it was taken, beside how many others, and when the first of their leases ends. */
export interface TakenPlace {
  readonly taken: boolean;
  readonly others: number;
  readonly nextEnd: Date | null;
}

const standing = `t.tenant_id as "tenantId", t.status, t.tier, t.own_limits as "ownLimits", t.allowed_blueprints as "allowedBlueprints"`;

const findStanding = `select ${standing} from tenants t where t.tenant_id = $1 and t.deleted_at is null`;

const hold = `
  select ${standing}, c.limit_name as "limit", c.kept
  from usage_counters c join tenants t on t.tenant_id = c.tenant_id and t.deleted_at is null
  where c.tenant_id = $1 and c.limit_name = $2
  for update of c`;

const beginCounter = `
  insert into usage_counters (tenant_id, limit_name)
  select tenant_id, $2 from tenants where tenant_id = $1 and deleted_at is null
  on conflict do nothing`;

// Runs while the counter is locked, with a snapshot taken since: what it counts cannot change under it. A holder that
// has a place keeps it, also above the limit; a place that is kept never becomes a lease. Ended leases are swept.
const take = `
  with mine as (
    select expires_at from usage_places
    where tenant_id = $1 and limit_name = $2 and holder = $3 and (expires_at is null or expires_at > $4)),
  ended as (
    delete from usage_places where tenant_id = $1 and limit_name = $2 and expires_at <= $4 and holder <> $3),
  leases as (
    select count(*)::int as count, min(expires_at) as next_end from usage_places
    where tenant_id = $1 and limit_name = $2 and expires_at > $4 and holder <> $3),
  others as (
    select $7::int - (select count(*) from mine where expires_at is null)::int + count as count, next_end from leases),
  taken as (
    insert into usage_places (tenant_id, limit_name, holder, expires_at)
    select $1, $2, $3, $5::timestamptz from others where count < $6::int or exists (select from mine)
    on conflict (tenant_id, limit_name, holder)
      do update set expires_at = case when usage_places.expires_at is null then null else excluded.expires_at end
    returning expires_at),
  counted as (
    update usage_counters set kept = kept + 1
    where tenant_id = $1 and limit_name = $2 and exists (select from taken where expires_at is null)
      and not exists (select from mine where expires_at is null))
  select exists (select from taken) as taken, count as others, next_end as "nextEnd" from others`;

const giveBack = `
  with freed as (
    delete from usage_places where tenant_id = $1 and limit_name = $2 and holder = $3 returning expires_at)
  update usage_counters set kept = kept - 1
  where tenant_id = $1 and limit_name = $2 and exists (select from freed where expires_at is null)`;

const countTaken = `
  select c.limit_name as "limit", c.kept + (
    select count(*)::int from usage_places p
    where p.tenant_id = c.tenant_id and p.limit_name = c.limit_name and p.expires_at > $2) as count
  from usage_counters c where c.tenant_id = $1`;

// Sums stay below 2^53: as numbers they are exact.
const sums = `input_tokens::float8 as "inputTokens", output_tokens::float8 as "outputTokens", cost_micro_usd::float8 as "costMicroUsd"`;

/** What tenants hold and use, in plain SQL because services ask for it all the time. */
@Injectable()
export class UsageRepository {
  async standing(tx: Pick<Tx, 'query'>, tenantId: TenantId): Promise<Standing | undefined> {
    const [row] = await tx.query<Standing>(findStanding, [tenantId], 'usage-standing');
    return row;
  }

  /** Undefined when there is no such tenant. */
  async hold(tx: Tx, tenantId: TenantId, limit: ReservableLimit): Promise<HeldPlaces | undefined> {
    const [held] = await tx.query<HeldPlaces>(hold, [tenantId, limit], 'usage-hold');
    if (held !== undefined) return held;
    await tx.query(beginCounter, [tenantId, limit]);
    const [begun] = await tx.query<HeldPlaces>(hold, [tenantId, limit], 'usage-hold');
    return begun;
  }

  async take(tx: Tx, { tenantId, limit, kept }: HeldPlaces, place: WantedPlace): Promise<TakenPlace> {
    const values = [tenantId, limit, place.holder, place.now, place.expiresAt, place.bound, kept];
    const [taken] = await tx.query<TakenPlace>(take, values, 'usage-take');
    if (taken === undefined) throw new Error('usage-take answered nothing');
    return taken;
  }

  /** Asked for at once. Nothing happens where there is nothing. */
  async giveBack(tx: Tx, tenantId: TenantId, limit: ReservableLimit, holder: string): Promise<void> {
    await Promise.all([
      tx.query(hold, [tenantId, limit], 'usage-hold'),
      tx.query(giveBack, [tenantId, limit, holder], 'usage-give-back'),
    ]);
  }

  /** How many places of each limit are taken; a limit that was never asked for is left out. */
  countTaken(tx: Tx, tenantId: TenantId, now: Date): Promise<{ limit: ReservableLimit; count: number }[]> {
    return tx.query(countTaken, [tenantId, now], 'usage-count-taken');
  }

  /** The totals of a month, by kind of entry. */
  month(tx: Tx, tenantId: TenantId, period: string): Promise<Total[]> {
    const text = `select kind, count, ${sums} from usage_months where tenant_id = $1 and period = $2`;
    return tx.query<Total>(text, [tenantId, period], 'usage-month');
  }
}
