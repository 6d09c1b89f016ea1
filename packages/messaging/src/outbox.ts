import {
  DomainError,
  type Caller,
  type DataOf,
  type EventContract,
  type EventEnvelope,
  type EventId,
  type TenantId,
} from '@support101/contracts';
import type { Tx } from '@support101/database';
import { measures } from '@support101/telemetry';
import { typeid } from 'typeid-js';
import { insert, type Birth, type Fact, type Written } from './outbox-insert.js';
import { systemTime, type TimeSource } from '@support101/time';
import { currentTraceparent } from './tracing.js';
import { isTooLarge } from './transport.js';

/** What publishes recorded events. */
export interface Publisher {
  /** The claim that the rows of these events are to be born with; undefined when they must wait in the table. */
  expect(facts: readonly Fact[]): Birth | undefined;
  /** Takes what was written and committed. */
  take(written: readonly Written[], birth: Birth | undefined): void;
}

/** Records events in the transaction that makes them true. */
export class Outbox {
  constructor(
    private readonly service: string,
    private readonly publisher: Publisher,
    private readonly time: TimeSource = systemTime,
  ) {}

  /**
   * Writes the event's row, and hands the event to the relay once the transaction has committed. The tenant is the transaction's;
   * a system transaction names it in `options` or leaves it to the caller. Throws when the data does not fit the contract.
   */
  async record<E extends EventContract>(
    tx: Tx,
    event: E,
    data: DataOf<E>,
    caller: Caller,
    options: { readonly tenantId?: TenantId } = {},
  ): Promise<EventId> {
    const tenantId = options.tenantId ?? tx.tenantId;
    const fact = this.fact(event, data, caller, tenantId === undefined ? {} : { tenantId });
    await this.recordAll(tx, [fact]);
    return fact.event.id;
  }

  /**
   * Builds and checks an event, best before the transaction that records it: in the caller's trace. The tenant is the
   * one in `options`, else the caller's. Throws when there is none, when the data does not fit the contract, and
   * `payload_too_large`.
   */
  fact<E extends EventContract>(event: E, data: DataOf<E>, caller: Caller, options: { readonly tenantId?: TenantId } = {}): Fact {
    const tenantId = options.tenantId ?? caller.tenantId;
    if (tenantId === undefined) throw new Error(`${event.type}: the event has no tenant`);
    const envelope = this.#envelope(event, data, caller, tenantId);
    const text = JSON.stringify(envelope);
    if (isTooLarge(text)) {
      throw new DomainError('payload_too_large', 'The event of this change would be too large.', { facts: { type: event.type } });
    }
    return { event: envelope, text };
  }

  /**
   * Writes the rows of any number of events with one statement, which is sent before this function first waits: so it
   * can be part of a burst. Events of one resource are published in the order given.
   */
  async recordAll(tx: Tx, facts: readonly Fact[]): Promise<void> {
    if (facts.length === 0) return;
    const birth = this.publisher.expect(facts);
    const written = insert(tx, facts, birth);
    // In a burst the commit may be known before the answer has come to this function.
    tx.afterCommit(() => {
      count(facts);
      void written.then((rows) => this.publisher.take(rows, birth));
    });
    await written;
  }

  #envelope<E extends EventContract>(event: E, data: DataOf<E>, caller: Caller, tenantId: TenantId): EventEnvelope {
    const checked = event.data.parse(data);
    const traceparent = currentTraceparent() ?? caller.traceparent;
    return {
      specversion: '1.0',
      id: typeid('evt').toString(),
      source: `/support101/${this.service}`,
      type: event.type,
      subject: event.resource(checked),
      time: this.time.now().toISOString(),
      datacontenttype: 'application/json',
      tenantid: tenantId,
      principaltype: caller.principal.type,
      principalid: caller.principal.id,
      outcome: event.outcome(checked),
      correlationid: caller.correlationId,
      ...(caller.causationId === undefined ? {} : { causationid: caller.causationId }),
      ...(traceparent === undefined ? {} : { traceparent }),
      data: checked,
    };
  }
}

function count(facts: readonly Fact[]): void {
  for (const alike of Map.groupBy(facts, ({ event }) => `${event.type} ${event.outcome}`).values()) {
    const [{ event }] = alike as [Fact];
    measures.factsRecorded.add({ type: event.type, outcome: event.outcome }, alike.length);
  }
}
