import type { EventEnvelope, EventId, TenantId } from '@support101/contracts';
import type { Transactor } from './database-ports.js';
import { storable } from './storable.js';
import { systemTime, type TimeSource } from './time.js';
import type { DeadLetter } from './transport.js';

/** A kept dead letter. */
export interface StoredDeadLetter extends DeadLetter {
  readonly failedAt: Date;
}

/** Which dead letters are wanted; newest first, 100 unless told. */
export interface DeadLetterFilter {
  readonly tenantId?: TenantId;
  readonly durable?: string;
  readonly limit?: number;
}

/** What names one dead letter. */
export interface DeadLetterKey {
  readonly tenantId: TenantId;
  readonly durable: string;
  readonly eventId: EventId;
}

/** Gives an event to a durable again; rejects with the handler's error. */
export type Redeliver = (durable: string, event: EventEnvelope) => Promise<void>;

interface Row {
  readonly durable: string;
  readonly envelope: string;
  readonly reason: string;
  readonly attempts: number;
  readonly failed_at: Date;
}

const keepLetter = `insert into dead_letters (tenant_id, durable, event_id, type, envelope, reason, attempts, failed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (tenant_id, durable, event_id) do update
  set reason = excluded.reason, attempts = dead_letters.attempts + excluded.attempts, failed_at = excluded.failed_at`;
const listLetters = `select durable, envelope, reason, attempts, failed_at from dead_letters
  where ($1::text is null or tenant_id = $1) and ($2::text is null or durable = $2) order by failed_at desc, event_id limit $3`;
const findLetter = `select durable, envelope, reason, attempts, failed_at from dead_letters
  where tenant_id = $1 and durable = $2 and event_id = $3`;
const forgetLetter = `delete from dead_letters where tenant_id = $1 and durable = $2 and event_id = $3`;

/** Events that a durable of this service gave up on, kept in the service's schema until they are replayed. */
export class DeadLetters {
  constructor(
    private readonly database: Transactor,
    private readonly redeliver: Redeliver,
    private readonly time: TimeSource = systemTime,
  ) {}

  /** Keeps a letter; one of the same event and durable gets the new reason and the sum of attempts. */
  async keep(letter: DeadLetter): Promise<void> {
    const { event, durable, attempts } = letter;
    const reason = storable(letter.reason);
    const values = [event.tenantid, durable, event.id, event.type, JSON.stringify(event), reason, attempts, this.time.now()];
    await this.database.asSystem('dead-letters', (tx) => tx.query(keepLetter, values, 'dead-letter-keep'));
  }

  /** Lists what is kept. */
  async list(filter: DeadLetterFilter = {}): Promise<StoredDeadLetter[]> {
    const values = [filter.tenantId ?? null, filter.durable ?? null, filter.limit ?? 100];
    const rows = await this.database.asSystem('dead-letters', (tx) => tx.query<Row>(listLetters, values));
    return rows.map(fromRow);
  }

  /**
   * Gives the event to its durable again. Handled: the letter is forgotten. Failed: it stays with the new reason, and
   * the error is thrown. False when there is no such letter (any more).
   */
  async replay(key: DeadLetterKey): Promise<boolean> {
    const values = [key.tenantId, key.durable, key.eventId];
    const [row] = await this.database.asSystem('dead-letters', (tx) => tx.query<Row>(findLetter, values));
    if (row === undefined) return false;
    const letter = fromRow(row);
    try {
      await this.redeliver(letter.durable, letter.event);
    } catch (error) {
      await this.keep({ ...letter, attempts: 1, reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
    // A crash before this delete means another replay later: the consumer's inbox knows the event by then.
    await this.database.asSystem('dead-letters', (tx) => tx.query(forgetLetter, values));
    return true;
  }
}

function fromRow(row: Row): StoredDeadLetter {
  const { durable, reason, attempts } = row;
  return { event: JSON.parse(row.envelope) as EventEnvelope, durable, reason, attempts, failedAt: row.failed_at };
}
