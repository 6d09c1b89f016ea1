import { Injectable } from '@nestjs/common';
import type { EventId, TenantId } from '@support101/contracts';
import type { ReservableLimit } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import { type EntryKind, lastKinds, type Total } from './usage.rules.js';

/** What an event means: what is written of a record, and whether it has a place from then on. */
export interface Happening extends Omit<Total, 'kind' | 'count'> {
  readonly tenantId: TenantId;
  readonly durable: string;
  readonly eventId: EventId;
  readonly recordId: string;
  /** Null: nothing is written. */
  readonly kind: EntryKind | null;
  readonly at: Date;
  readonly limit: ReservableLimit;
  /** Whether the record takes a place now; otherwise it gives its place back. */
  readonly takes: boolean;
  /** When the lease that is taken ends; null for a place that is kept. */
  readonly expiresAt: Date | null;
}

// Begins the counters that are not there yet, and locks all of them, always in the same order: an update that is never
// made has locked its row all the same.
const holdAll = `
  insert into usage_counters as c (tenant_id, limit_name)
  select tenant_id, limit_name from (
    select distinct "tenantId" as tenant_id, "limit" as limit_name from json_to_recordset($1::json) as e ("tenantId" text, "limit" text)) e
  where (select t.deleted_at is null from tenants t where t.tenant_id = e.tenant_id)
  order by tenant_id, limit_name
  on conflict (tenant_id, limit_name) do update set kept = c.kept where false`;

// Runs while the counters are locked, with a snapshot taken since. Everything falls out behind the inbox that was heard
// before or is of a tenant that is gone. A place that is kept never becomes a lease; a record that is known to have ended
// takes none; leases that have ended are swept where places are taken. Each table is written in the order of its key.
const writeAll = `
  with offered as (
    select "tenantId" as tenant_id, "limit" as limit_name, durable, "eventId" as event_id, "recordId" as record_id, kind, at,
           "inputTokens" as input_tokens, "outputTokens" as output_tokens, "costMicroUsd" as cost_micro_usd,
           takes, "expiresAt" as expires_at
    from json_to_recordset($1::json) as e (
      "tenantId" text, "limit" text, durable text, "eventId" text, "recordId" text, kind text, at timestamptz,
      "inputTokens" bigint, "outputTokens" bigint, "costMicroUsd" bigint, takes bool, "expiresAt" timestamptz)),
  heard as (
    insert into inbox (tenant_id, durable, event_id, handled_at)
    select tenant_id, durable, event_id, $2::timestamptz from offered order by tenant_id, durable, event_id
    on conflict do nothing
    returning tenant_id, durable, event_id),
  news as (
    select o.* from offered o join heard h using (tenant_id, durable, event_id)
    join tenants t on t.tenant_id = o.tenant_id and t.deleted_at is null),
  written as (
    insert into usage_ledger (tenant_id, record_id, kind, at, input_tokens, output_tokens, cost_micro_usd)
    select tenant_id, record_id, kind, at, input_tokens, output_tokens, cost_micro_usd from news where kind is not null
    order by tenant_id, record_id, kind
    on conflict do nothing
    returning tenant_id, to_char(at at time zone 'UTC', 'YYYY-MM') as period, kind, input_tokens, output_tokens, cost_micro_usd),
  added as (
    insert into usage_months as m (tenant_id, period, kind, count, input_tokens, output_tokens, cost_micro_usd)
    select tenant_id, period, kind, count(*), sum(input_tokens), sum(output_tokens), sum(cost_micro_usd) from written
    group by tenant_id, period, kind order by tenant_id, period, kind
    on conflict (tenant_id, period, kind) do update
      set count = m.count + excluded.count, input_tokens = m.input_tokens + excluded.input_tokens,
          output_tokens = m.output_tokens + excluded.output_tokens, cost_micro_usd = m.cost_micro_usd + excluded.cost_micro_usd),
  freed as (
    delete from usage_places p using news n
    where not n.takes and p.tenant_id = n.tenant_id and p.limit_name = n.limit_name and p.holder = n.record_id
    returning p.tenant_id, p.limit_name, p.expires_at),
  arrived as (
    select tenant_id, limit_name, record_id as holder, max(expires_at) as expires_at from news
    group by tenant_id, limit_name, record_id having bool_and(takes)),
  present as (
    select * from arrived a where not exists (
      select from usage_ledger l where l.tenant_id = a.tenant_id and l.record_id = a.holder and l.kind = any ($3::text[]))),
  ended as (
    delete from usage_places p using (select distinct tenant_id, limit_name from present) a
    where p.tenant_id = a.tenant_id and p.limit_name = a.limit_name and p.expires_at <= $2
      and not exists (
        select from present h where h.tenant_id = p.tenant_id and h.limit_name = p.limit_name and h.holder = p.holder)),
  taken as (
    insert into usage_places as p (tenant_id, limit_name, holder, expires_at)
    select tenant_id, limit_name, holder, expires_at from present order by tenant_id, limit_name, holder
    on conflict (tenant_id, limit_name, holder) do update set expires_at = excluded.expires_at where p.expires_at is not null
    returning tenant_id, limit_name, expires_at),
  changes as (
    select tenant_id, limit_name, sum(change) as change from (
      select tenant_id, limit_name, 1 as change from taken where expires_at is null
      union all select tenant_id, limit_name, -1 from freed where expires_at is null) each
    group by tenant_id, limit_name)
  update usage_counters c set kept = c.kept + d.change
  from changes d where c.tenant_id = d.tenant_id and c.limit_name = d.limit_name`;

// The counters first, as everywhere: who is writing about the tenant has then written all of it.
const removals = ['usage_counters', 'usage_places', 'usage_ledger', 'usage_months'].map(
  (table) => `delete from ${table} where tenant_id = $1`,
);

/** What events say of the use of tenants, in plain SQL because every run comes to some. */
@Injectable()
export class UsageEventsRepository {
  /** Writes what is new of all of them, asked for at once. `now`: when it is heard. */
  async write(tx: Tx, all: readonly Happening[], now: Date): Promise<void> {
    const offered = JSON.stringify(all);
    await Promise.all([
      tx.query(holdAll, [offered], 'usage-hold-all'),
      tx.query(writeAll, [offered, now, lastKinds], 'usage-write-all'),
    ]);
  }

  async removeAll(tx: Tx, tenantId: TenantId): Promise<void> {
    for (const removal of removals) await tx.query(removal, [tenantId]);
  }
}
