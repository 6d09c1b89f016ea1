import type { EventEnvelope, EventId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { Fact } from './outbox-insert.js';
import { storable } from './storable.js';
import type { StoredAt } from './transport.js';

/** An event whose row is claimed by this process. */
export interface HeldEvent extends Fact {
  /** Who holds it: a relay has one name for rows that were born claimed and one for those it has claimed later. */
  readonly owner: string;
  /** Tries including this one. */
  readonly attempts: number;
  /** The end of the claim in Unix milliseconds; put off while it is held. */
  until: number;
}

/** An event that was published, and where the broker keeps it. */
export interface PublishedEvent {
  readonly held: HeldEvent;
  readonly storedAt: StoredAt | undefined;
}

/** An event that goes back to the table; one that was not tried has no failure. */
export interface ReturnedEvent {
  readonly held: HeldEvent;
  readonly failure: { readonly error: Error; readonly notBefore: Date } | undefined;
}

interface ClaimedRow {
  readonly attempts: number;
  readonly envelope: string;
  readonly seq: string;
}

// None of these is a prepared statement. They are few, and Postgres would keep the plans of the first tries, when the
// table was empty: scans of all waiting rows, for each of them.

/** What waits, of whatever resource: the condition of the index by sequence, which nothing else may use. */
export const anywhere = (table: string): string => `${table}.published_at is null and ${table}.seq > 0`;

// One relay claims at a time: with two, one could skip a row the other has locked and take its successor first.
const oneAtATime = `select pg_advisory_xact_lock(hashtextextended(current_schema() || '.outbox', 0))`;

// A row may be claimed when nothing of its resource that comes before it is being published or is waiting after a
// failure. Its predecessors that may be claimed too are in the same claim, because it goes by sequence.
const claimRows = `with due as (
    select o.tenant_id, o.event_id from outbox o
    where ${anywhere('o')} and (o.claimed_until is null or o.claimed_until <= $1) and (o.not_before is null or o.not_before <= $1)
      and not exists (
        select from outbox e
        where e.published_at is null and e.tenant_id = o.tenant_id and e.resource = o.resource and e.seq < o.seq
          and (e.claimed_until > $1 or e.not_before > $1))
    order by o.seq limit $4)
  update outbox set claimed_by = $2, claimed_until = $3, attempts = outbox.attempts + 1, not_before = null
  from due where outbox.tenant_id = due.tenant_id and outbox.event_id = due.event_id
  returning outbox.attempts, outbox.envelope, outbox.seq`;

const anyLeft = `select exists (select from outbox where ${anywhere('outbox')} and claimed_by is null) as left`;

// For rows that are named by their keys. As `published_at is null` it would let Postgres read all that waits to find a few.
const waits = `coalesce(published_at, 'infinity') = 'infinity'`;

const markRows = `update outbox
  set published_at = $5, published_to = done.store, published_seq = done.sequence, claimed_by = null, claimed_until = null, last_error = null
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as done (tenant_id, event_id, store, sequence)
  where outbox.tenant_id = done.tenant_id and outbox.event_id = done.event_id and ${waits}`;

const returnRows = `update outbox
  set claimed_by = null, claimed_until = null, not_before = back.not_before, last_error = coalesce(back.error, last_error),
    attempts = attempts - back.untried
  from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::int[])
    as back (tenant_id, event_id, owner, not_before, error, untried)
  where outbox.tenant_id = back.tenant_id and outbox.event_id = back.event_id
    and claimed_by = back.owner and ${waits}`;

const extendRows = `update outbox set claimed_until = $4
  from unnest($1::text[], $2::text[], $3::text[]) as held (tenant_id, event_id, owner)
  where outbox.tenant_id = held.tenant_id and outbox.event_id = held.event_id
    and claimed_by = held.owner and ${waits}`;

const releaseRows = `update outbox set claimed_by = null, claimed_until = null
  where ${anywhere('outbox')} and claimed_by is not null and ($1::text[] is null or claimed_by = any ($1))`;

/** Who claims, from when until when. */
export interface Claim {
  readonly owner: string;
  readonly now: number;
  readonly until: number;
}

/** Claims up to `limit` rows, oldest first; `left` tells whether there are more that nobody publishes. */
export async function claim(tx: Tx, { owner, now, until }: Claim, limit: number): Promise<{ held: HeldEvent[]; left: boolean }> {
  // Sent together: the second begins, and looks, when the first has the lock.
  const [, rows, [rest]] = await Promise.all([
    tx.query(oneAtATime, []),
    tx.query<ClaimedRow>(claimRows, [new Date(now), owner, new Date(until), limit]),
    tx.query<{ left: boolean }>(anyLeft, []),
  ]);
  rows.sort((a, b) => (BigInt(a.seq) < BigInt(b.seq) ? -1 : 1));
  const held = rows.map(({ attempts, envelope }) => {
    return { event: JSON.parse(envelope) as EventEnvelope, text: envelope, owner, attempts, until };
  });
  return { held, left: rest?.left === true };
}

/** Marks rows as published, whoever holds them: they are. */
export async function mark(tx: Tx, published: readonly PublishedEvent[], now: Date): Promise<void> {
  const stored = [
    published.map(({ storedAt }) => storedAt?.store ?? null),
    published.map(({ storedAt }) => storedAt?.sequence ?? null),
  ];
  await tx.query(markRows, [...keysOf(published.map(({ held }) => held)), ...stored, now]);
}

/** Gives rows back, unless somebody else holds them by now. */
export async function giveBack(tx: Tx, returned: readonly ReturnedEvent[]): Promise<void> {
  const held = returned.map((each) => each.held);
  const failures = [
    returned.map(({ failure }) => failure?.notBefore ?? null),
    returned.map(({ failure }) => (failure === undefined ? null : storable(failure.error.message))),
    returned.map(({ failure }) => (failure === undefined ? 1 : 0)),
  ];
  await tx.query(returnRows, [...keysOf(held), held.map(({ owner }) => owner), ...failures]);
}

/** Makes claims last until `until`, unless somebody else has them by now. */
export async function extend(tx: Tx, held: readonly HeldEvent[], until: Date): Promise<void> {
  await tx.query(extendRows, [...keysOf(held), held.map(({ owner }) => owner), until]);
}

/** Gives back everything that these owners hold; without owners everything anybody holds. */
export async function releaseAll(tx: Tx, owners?: readonly string[]): Promise<void> {
  await tx.query(releaseRows, [owners ?? null]);
}

function keysOf(held: readonly HeldEvent[]): [TenantId[], EventId[]] {
  return [held.map(({ event }) => event.tenantid), held.map(({ event }) => event.id)];
}
