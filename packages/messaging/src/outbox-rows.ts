import type { EventEnvelope, EventId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import { storable } from './storable.js';
import type { StoredAt } from './transport.js';

/** An event that fits its contract, ready to be recorded. */
export interface Fact {
  readonly event: EventEnvelope;
  /** The event as JSON text, kept and sent as it is. */
  readonly text: string;
}

/** A row the relay has claimed. */
export interface ClaimedEvent {
  readonly tenantId: TenantId;
  readonly eventId: EventId;
  readonly resource: string;
  /** Tries including this one. */
  readonly attempts: number;
  readonly event: EventEnvelope;
}

interface ClaimedRow {
  readonly tenant_id: TenantId;
  readonly event_id: EventId;
  readonly resource: string;
  readonly attempts: number;
  readonly envelope: string;
  readonly seq: string;
}

// One parameter for all rows: as arrays Postgres plans it anew each time, and the driver escapes each value twice.
const insertRows = `insert into outbox (tenant_id, event_id, type, resource, envelope, recorded_at)
  select tenant_id, event_id, type, resource, envelope, recorded_at
  from rows from (json_to_recordset($1::json) as
    (tenant_id text, event_id text, type text, resource text, envelope text, recorded_at timestamptz))
    with ordinality as fact (tenant_id, event_id, type, resource, envelope, recorded_at, place)
  order by place`;

// One relay claims at a time: with two, one could skip a row the other has locked and take its successor first.
const oneAtATime = `select pg_advisory_xact_lock(hashtextextended(current_schema() || '.outbox', 0))`;

// A row may be claimed when nothing of its resource that comes before it is being published or is waiting after a
// failure. Its predecessors that may be claimed too are in the same claim, because it goes by sequence.
const claimRows = `with due as (
    select o.tenant_id, o.event_id from outbox o
    where o.published_at is null and (o.claimed_until is null or o.claimed_until <= $1) and (o.not_before is null or o.not_before <= $1)
      and not exists (
        select from outbox e
        where e.published_at is null and e.tenant_id = o.tenant_id and e.resource = o.resource and e.seq < o.seq
          and (e.claimed_until > $1 or e.not_before > $1))
    order by o.seq limit $4)
  update outbox set claimed_by = $2, claimed_until = $3, attempts = outbox.attempts + 1, not_before = null
  from due where outbox.tenant_id = due.tenant_id and outbox.event_id = due.event_id
  returning outbox.tenant_id, outbox.event_id, outbox.resource, outbox.attempts, outbox.envelope, outbox.seq`;

const markRows = `update outbox
  set published_at = $5, published_to = done.store, published_seq = done.sequence, claimed_by = null, claimed_until = null, last_error = null
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as done (tenant_id, event_id, store, sequence)
  where outbox.tenant_id = done.tenant_id and outbox.event_id = done.event_id and published_at is null`;

const releaseRow = `update outbox set claimed_by = null, claimed_until = null, not_before = $4, last_error = $5
  where tenant_id = $1 and event_id = $2 and claimed_by = $3 and published_at is null`;

const extendRows = `update outbox set claimed_until = $2 where claimed_by = $1 and published_at is null`;

const releaseRows = `update outbox set claimed_by = null, claimed_until = null
  where published_at is null and claimed_by is not null and ($1::text is null or claimed_by = $1)`;

const anyWaiting = `select exists (select from outbox where published_at is null and claimed_by is null) as waiting`;

/** Writes the events' rows, in their order. */
export async function insert(tx: Tx, facts: readonly Fact[]): Promise<void> {
  const rows = facts.map(({ event, text }) => ({
    tenant_id: event.tenantid,
    event_id: event.id,
    type: event.type,
    resource: event.subject,
    envelope: text,
    recorded_at: event.time,
  }));
  await tx.query(insertRows, [JSON.stringify(rows)], 'outbox-record');
}

/** Claims up to `limit` rows for `owner` until `until`, oldest first. */
export async function claim(tx: Tx, owner: string, now: Date, until: Date, limit: number): Promise<ClaimedEvent[]> {
  // Sent together: the second begins, and looks, when the first has the lock.
  const [, rows] = await Promise.all([
    tx.query(oneAtATime, [], 'outbox-lock'),
    tx.query<ClaimedRow>(claimRows, [now, owner, until, limit], 'outbox-claim'),
  ]);
  rows.sort((a, b) => (BigInt(a.seq) < BigInt(b.seq) ? -1 : 1));
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    eventId: row.event_id,
    resource: row.resource,
    attempts: row.attempts,
    event: JSON.parse(row.envelope) as EventEnvelope,
  }));
}

/** A row that was published, and where the broker keeps it. */
export interface PublishedEvent {
  readonly row: ClaimedEvent;
  readonly storedAt: StoredAt | undefined;
}

/** Marks rows as published, whoever holds them: they are. */
export async function mark(tx: Tx, published: readonly PublishedEvent[], now: Date): Promise<void> {
  const ids = [published.map(({ row }) => row.tenantId), published.map(({ row }) => row.eventId)];
  const stored = [
    published.map(({ storedAt }) => storedAt?.store ?? null),
    published.map(({ storedAt }) => storedAt?.sequence ?? null),
  ];
  await tx.query(markRows, [...ids, ...stored, now], 'outbox-mark');
}

/** Gives one row back after a failure, not to be tried before a time. */
export async function release(tx: Tx, owner: string, row: ClaimedEvent, notBefore: Date, error: string): Promise<void> {
  const reason = storable(error);
  await tx.query(releaseRow, [row.tenantId, row.eventId, owner, notBefore, reason], 'outbox-release');
}

/** Makes the owner's claims last until `until`. */
export async function extend(tx: Tx, owner: string, until: Date): Promise<void> {
  await tx.query(extendRows, [owner, until], 'outbox-extend');
}

/** Gives back everything the owner holds; without an owner everything anybody holds. */
export async function releaseAll(tx: Tx, owner?: string): Promise<void> {
  await tx.query(releaseRows, [owner ?? null]);
}

/** True when there are rows that nobody publishes. */
export async function waiting(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ waiting: boolean }>(anyWaiting, [], 'outbox-waiting');
  return row?.waiting === true;
}
