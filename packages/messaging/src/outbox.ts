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
import { systemTime, type TimeSource } from './time.js';
import { currentTraceparent } from './tracing.js';
import { maxMessageBytes } from './transport.js';

const insertEvent = `insert into outbox (tenant_id, event_id, type, resource, envelope, recorded_at) values ($1, $2, $3, $4, $5, $6)`;

/** Records events in the transaction that makes them true. */
export class Outbox {
  constructor(
    private readonly service: string,
    private readonly relay: { nudge(): void },
    private readonly time: TimeSource = systemTime,
  ) {}

  /**
   * Writes the event's row and wakes the relay once the transaction has committed. The tenant is the transaction's;
   * a system transaction names it in `options` or leaves it to the caller. Throws when the data does not fit the contract.
   */
  async record<E extends EventContract>(
    tx: Tx,
    event: E,
    data: DataOf<E>,
    caller: Caller,
    options: { readonly tenantId?: TenantId } = {},
  ): Promise<EventId> {
    const tenantId = options.tenantId ?? tx.tenantId ?? caller.tenantId;
    if (tenantId === undefined) throw new Error(`${event.type}: the event has no tenant`);
    const recordedAt = this.time.now();
    const envelope = this.#envelope(event, data, caller, tenantId, recordedAt);
    const text = JSON.stringify(envelope);
    if (Buffer.byteLength(text) > maxMessageBytes) {
      throw new DomainError('payload_too_large', 'The event of this change would be too large.', { facts: { type: event.type } });
    }
    await tx.query(insertEvent, [tenantId, envelope.id, event.type, envelope.subject, text, recordedAt], 'outbox-record');
    tx.afterCommit(() => {
      measures.factsRecorded.add({ type: event.type, outcome: envelope.outcome });
      this.relay.nudge();
    });
    return envelope.id;
  }

  #envelope<E extends EventContract>(event: E, data: DataOf<E>, caller: Caller, tenantId: TenantId, at: Date): EventEnvelope {
    const checked = event.data.parse(data);
    const traceparent = currentTraceparent() ?? caller.traceparent;
    return {
      specversion: '1.0',
      id: typeid('evt').toString(),
      source: `/support101/${this.service}`,
      type: event.type,
      subject: event.resource(checked),
      time: at.toISOString(),
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
