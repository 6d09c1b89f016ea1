import {
  AgentId,
  type Caller,
  type EventEnvelope,
  type EventId,
  RequestId,
  RunId,
  serviceCaller,
  type TenantId,
} from '@support101/contracts';
import { deadLetterKept, deadLetterReplayed } from '@support101/contracts/messaging';
import type { Tx } from '@support101/database';
import type { Transactor } from './database-ports.js';
import { showableReason } from './dead-letter-reason.js';
import type { Outbox } from './outbox.js';
import { storable } from './storable.js';
import { systemTime, type TimeSource } from '@support101/time';
import type { DeadLetter } from './transport.js';

/** A kept dead letter. */
export interface StoredDeadLetter extends DeadLetter {
  readonly failedAt: Date;
}

/** Which dead letters are wanted; newest first, 100 unless told. */
export interface DeadLetterFilter {
  readonly tenantId?: TenantId | undefined;
  readonly durable?: string | undefined;
  readonly limit?: number | undefined;
  /** Those that come after this one. */
  readonly after?: { readonly failedAt: Date; readonly eventId: EventId; readonly durable: string } | undefined;
}

/** What names one dead letter. */
export interface DeadLetterKey {
  readonly tenantId: TenantId;
  readonly durable: string;
  readonly eventId: EventId;
}

/** How a replay ended: the letter is gone, or it stays for this reason, or there is none. */
export type Replayed = { readonly handled: true } | { readonly handled: false; readonly reason: string } | undefined;

/** Gives an event to a durable again; rejects with the handler's error. */
export type Redeliver = (durable: string, event: EventEnvelope) => Promise<void>;

/** Where dead letters are told of. */
export interface DeadLetterNews {
  readonly service: string;
  readonly outbox: Pick<Outbox, 'record'>;
}

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
  set reason = excluded.reason, attempts = dead_letters.attempts + excluded.attempts, failed_at = excluded.failed_at
  returning (xmax = 0) as fresh`;
const listLetters = `select durable, envelope, reason, attempts, failed_at from dead_letters
  where ($1::text is null or tenant_id = $1) and ($2::text is null or durable = $2)
    and ($4::timestamptz is null or (failed_at, event_id, durable) < ($4, $5, $6))
  order by failed_at desc, event_id desc, durable desc limit $3`;
const findLetter = `select durable, envelope, reason, attempts, failed_at from dead_letters
  where tenant_id = $1 and durable = $2 and event_id = $3`;
const forgetLetter = `delete from dead_letters where tenant_id = $1 and durable = $2 and event_id = $3 returning event_id`;

/**
 * Events that a durable of this service gave up on, kept in the service's schema until they are replayed. That one is
 * kept, or replayed, is an event itself, recorded in the same transaction, so that it comes on the audit. Of events
 * about dead letters nothing is told: a consumer that fails on those as well would make new ones for ever.
 */
export class DeadLetters {
  constructor(
    private readonly database: Transactor,
    private readonly redeliver: Redeliver,
    private readonly time: TimeSource = systemTime,
    private readonly news?: DeadLetterNews,
  ) {}

  /** Keeps a letter; one of the same event and durable gets the new reason and the sum of attempts, and is told of once. */
  async keep(letter: DeadLetter): Promise<void> {
    await this.database.asSystem('dead-letters', async (tx) => {
      if (await this.#save(tx, letter)) await this.#tellKept(tx, letter);
    });
  }

  /** Lists what is kept. */
  async list({ tenantId, durable, limit, after }: DeadLetterFilter = {}): Promise<StoredDeadLetter[]> {
    const place = [after?.failedAt ?? null, after?.eventId ?? null, after?.durable ?? null];
    const values = [tenantId ?? null, durable ?? null, limit ?? 100, ...place];
    const rows = await this.database.asSystem('dead-letters', (tx) => tx.query<Row>(listLetters, values));
    return rows.map(fromRow);
  }

  /**
   * Gives the event to its durable again. Handled: the letter is forgotten. Failed: it stays with the new reason.
   * Undefined when there is no such letter (any more).
   */
  async replay({ tenantId, durable, eventId }: DeadLetterKey, caller?: Caller): Promise<Replayed> {
    const values = [tenantId, durable, eventId];
    const [row] = await this.database.asSystem('dead-letters', (tx) => tx.query<Row>(findLetter, values));
    if (row === undefined) return undefined;
    const letter = fromRow(row);
    const failure = await this.#redelivered(letter);
    if (failure !== undefined) {
      await this.database.asSystem('dead-letters', async (tx) => {
        await this.#save(tx, failure);
        await this.#tellReplayed(tx, failure, false, caller);
      });
      return { handled: false, reason: showableReason(failure.reason, letter.event) };
    }
    // A crash before this delete means another replay later: the consumer's inbox knows the event by then.
    await this.database.asSystem('dead-letters', async (tx) => {
      const forgotten = await tx.query(forgetLetter, values);
      if (forgotten.length > 0) await this.#tellReplayed(tx, letter, true, caller);
    });
    return { handled: true };
  }

  /** The letter as it is after a replay that failed. */
  async #redelivered(letter: StoredDeadLetter): Promise<DeadLetter | undefined> {
    try {
      await this.redeliver(letter.durable, letter.event);
      return undefined;
    } catch (error) {
      return { ...letter, attempts: 1, reason: storable(error instanceof Error ? error.message : String(error)) };
    }
  }

  /** True when there was none of this event and durable. */
  async #save(tx: Tx, { event, durable, attempts, reason }: DeadLetter): Promise<boolean> {
    const values = [event.tenantid, durable, event.id, event.type, JSON.stringify(event), storable(reason), attempts];
    const [row] = await tx.query<{ fresh: boolean }>(keepLetter, [...values, this.time.now()], 'dead-letter-keep');
    return row?.fresh === true;
  }

  async #tellKept(tx: Tx, letter: DeadLetter): Promise<void> {
    const { news } = this;
    if (news === undefined || isAboutDeadLetters(letter.event)) return;
    const { attempts, event } = letter;
    const reason = showableReason(storable(letter.reason), event);
    await news.outbox.record(tx, deadLetterKept, { ...factsOf(letter, news), reason, attempts }, causedBy(event, news));
  }

  async #tellReplayed(tx: Tx, letter: DeadLetter, handled: boolean, caller: Caller | undefined): Promise<void> {
    const { news } = this;
    if (news === undefined || isAboutDeadLetters(letter.event)) return;
    const { event } = letter;
    const reason = handled ? {} : { reason: showableReason(letter.reason, event) };
    const by = { ...(caller ?? causedBy(event, news)), tenantId: event.tenantid, correlationId: event.correlationid };
    await news.outbox.record(tx, deadLetterReplayed, { ...factsOf(letter, news), ...reason, handled }, by);
  }
}

function isAboutDeadLetters({ type }: EventEnvelope): boolean {
  return type === deadLetterKept.type || type === deadLetterReplayed.type;
}

/** The service acts, in the course of what the event is a part of. */
function causedBy(event: EventEnvelope, { service }: DeadLetterNews): Caller {
  return { ...serviceCaller(service, event.correlationid, event.tenantid), causationId: event.id };
}

/** What names a letter, with the ids by which it is found on the audit. */
function factsOf({ event, durable }: DeadLetter, { service }: DeadLetterNews) {
  const { data } = event;
  const ids = {
    agentId: AgentId.safeParse(data['agentId']).data,
    runId: RunId.safeParse(data['runId']).data,
    requestId: RequestId.safeParse(data['requestId']).data,
  };
  return { service, durable, eventId: event.id, eventType: event.type, ...ids };
}

function fromRow(row: Row): StoredDeadLetter {
  const { durable, reason, attempts } = row;
  return { event: JSON.parse(row.envelope) as EventEnvelope, durable, reason, attempts, failedAt: row.failed_at };
}
