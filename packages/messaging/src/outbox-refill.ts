import type { EventId, TenantId } from '@support101/contracts';
import { detached, type Database, type Tx } from '@support101/database';
import { retentionMs } from './housekeeping.js';
import type { MessagingLog } from './messaging-log.js';
import type { TimeSource } from '@support101/time';
import type { EventStore } from './transport.js';

/** A store flushes to disk at least this often; a crash of its machine cannot have lost older messages. In milliseconds. */
const tailMs = 15 * 60 * 1_000;
const rowsPerStatement = 500;

const againWhatAnotherStoreHad = `update outbox set published_at = null, published_to = null, published_seq = null, attempts = 0
  where ctid = any (array(
    select ctid from outbox where published_at > $2 and published_to is not null and published_to <> $1 limit $3))
  returning 1`;

const newestFirst = `select tenant_id, event_id, published_seq from outbox
  where published_at > $2 and published_to = $1 order by published_at desc, published_seq desc limit $3 offset $4`;

const again = `update outbox set published_at = null, published_to = null, published_seq = null, attempts = 0
  from unnest($1::text[], $2::text[]) as lost (tenant_id, event_id)
  where outbox.tenant_id = lost.tenant_id and outbox.event_id = lost.event_id`;

interface Row {
  readonly tenant_id: TenantId;
  readonly event_id: EventId;
  readonly published_seq: string;
}

/**
 * Has events published again that a broker had taken and lost: all that went to a store that is no longer there, and
 * the last ones of the present store that a crash of its machine took. What was handled before is a duplicate to the
 * consumer's inbox.
 */
export class OutboxRefill {
  constructor(
    private readonly database: Pick<Database, 'asSystem'>,
    private readonly ports: { readonly log: MessagingLog; readonly time: TimeSource },
  ) {}

  /** True when everything that is marked as published is in the store or waits to be published again. */
  async refill(store: EventStore): Promise<boolean> {
    const { log } = this.ports;
    try {
      const lost = (await this.#afterLossOfStore(store)) + (await this.#afterLossOfTail(store));
      if (lost > 0) log.warn({ store: store.name, lost }, 'the broker had lost events; they are published again');
      return true;
    } catch (error) {
      log.warn({ error }, 'it could not be told whether the broker has lost events; it is asked again');
      return false;
    }
  }

  async #afterLossOfStore(store: EventStore): Promise<number> {
    const since = this.#since(retentionMs.published);
    let lost = 0;
    for (let last = rowsPerStatement; last === rowsPerStatement; lost += last) {
      const rows = await this.#asRelay((tx) => tx.query(againWhatAnotherStoreHad, [store.name, since, rowsPerStatement]));
      last = rows.length;
    }
    return lost;
  }

  /** A store loses from its end: the first event that is still there, seen from there, ends the search. */
  async #afterLossOfTail(store: EventStore): Promise<number> {
    const lost: Row[] = [];
    for (let offset = 0; ; offset += rowsPerStatement) {
      const values = [store.name, this.#since(tailMs), rowsPerStatement, offset];
      const rows = await this.#asRelay((tx) => tx.query<Row>(newestFirst, values));
      const kept = await firstKept(store, rows);
      lost.push(...rows.slice(0, kept));
      if (kept < rows.length || rows.length < rowsPerStatement) break;
    }
    if (lost.length > 0) {
      await this.#asRelay((tx) => tx.query(again, [lost.map((row) => row.tenant_id), lost.map((row) => row.event_id)]));
    }
    return lost.length;
  }

  #since(ageMs: number): Date {
    return new Date(this.ports.time.now().getTime() - ageMs);
  }

  #asRelay<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return detached(() => this.database.asSystem('outbox-relay', run));
  }
}

/** The index of the newest row that the store still holds, by bisection; the number of rows when it holds none. */
async function firstKept(store: EventStore, rows: readonly Row[]): Promise<number> {
  let [low, high] = [0, rows.length];
  // Nearly always nothing is lost.
  for (let probe = 0; low < high; probe = (low + high) >> 1) {
    const row = rows[probe] as Row;
    if (await store.holds(row.event_id, Number(row.published_seq))) high = probe;
    else low = probe + 1;
  }
  return low;
}
