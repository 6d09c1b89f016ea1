import { resourceKey } from './transport.js';
import type { EventEnvelope, EventId } from '@support101/contracts';
import type { Tx } from '@support101/database';

/** An event that fits its contract, ready to be recorded. */
export interface Fact {
  readonly event: EventEnvelope;
  /** The event as JSON text, kept and sent as it is. */
  readonly text: string;
}

/** The claim that rows are born with: whose, and until when. */
export interface Birth {
  readonly owner: string;
  readonly now: Date;
  readonly until: Date;
}

/** How an event's row was written. */
export interface Written {
  readonly fact: Fact;
  /** Whether it was born claimed. Else something of its resource stands before it that is for others to publish. */
  readonly claimed: boolean;
  /** The event of the same resource and owner that goes before it and was not marked as published yet. */
  readonly behind: EventId | undefined;
}

interface Row {
  readonly claimed: boolean;
  readonly behind: EventId | null;
}

// One parameter for all rows: as arrays Postgres plans it anew each time, and the driver escapes each value twice.
// The newest waiting row of the resource tells for all of them: it was born claimed only if those before it were.
const insertRows = `with fact as (
    select * from rows from (json_to_recordset($1::json) as
      (tenant_id text, event_id text, type text, resource text, envelope text, recorded_at timestamptz))
      with ordinality as fact (tenant_id, event_id, type, resource, envelope, recorded_at, place)
  ), placed as (
    select fact.*, before.event_id as behind,
      case when before.event_id is null or (before.claimed_by = $2::text and before.claimed_until > $3::timestamptz)
        then $2::text end as owner
    from fact left join lateral (
      select event_id, claimed_by, claimed_until from outbox
      where published_at is null and tenant_id = fact.tenant_id and resource = fact.resource
      order by seq desc limit 1) as before on true
  ), written as (
    insert into outbox (tenant_id, event_id, type, resource, envelope, recorded_at, claimed_by, claimed_until, attempts)
    select tenant_id, event_id, type, resource, envelope, recorded_at, owner,
      case when owner is not null then $4::timestamptz end, case when owner is null then 0 else 1 end
    from placed order by place
  ) select owner is not null as claimed, behind from placed order by place`;

/** Writes the events' rows in their order; the statement is sent before this function first waits. */
export async function insert(tx: Tx, facts: readonly Fact[], birth: Birth | undefined): Promise<Written[]> {
  const rows = facts.map(({ event, text }) => ({
    tenant_id: event.tenantid,
    event_id: event.id,
    type: event.type,
    resource: event.subject,
    envelope: text,
    recorded_at: event.time,
  }));
  const claim = birth === undefined ? [null, null, null] : [birth.owner, birth.now, birth.until];
  const placed = await tx.query<Row>(insertRows, [JSON.stringify(rows), ...claim], 'outbox-record');
  const last = new Map<string, EventId>();
  return facts.map((fact, index) => {
    const key = resourceKey(fact.event);
    const behind = last.get(key) ?? placed[index]?.behind ?? undefined;
    last.set(key, fact.event.id);
    return { fact, claimed: placed[index]?.claimed === true, behind };
  });
}
