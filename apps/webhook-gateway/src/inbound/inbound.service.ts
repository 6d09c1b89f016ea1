import { Injectable } from '@nestjs/common';
import { type Caller, DomainError, type InputOf, type OutputOf } from '@support101/contracts';
import { type receiveWebhook, webhookReceived, webhookRepeated } from '@support101/contracts/webhook-gateway';
import { Database, isForeignKeyViolation } from '@support101/database';
import { Outbox } from '@support101/messaging';
import { Clock, newId } from '@support101/service-kit';
import { digestOf } from '../platform/hmac.js';
import { type Delivery, readDelivery } from './inbound-delivery.rules.js';
import { InboundVerificationService, type Verified } from './inbound-verification.service.js';
import { InboundRepository } from './inbound.repository.js';

type Answer = OutputOf<typeof receiveWebhook>;

/** How long deliveries are kept, in milliseconds: longer than any sender tries again, and than a replay is of use. */
export const keptMs = 35 * 24 * 60 * 60 * 1000;

/** Takes what sources send, once each. */
@Injectable()
export class InboundService {
  constructor(
    private readonly verification: InboundVerificationService,
    private readonly database: Database,
    private readonly inbound: InboundRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** What is answered `accepted` is in the database, and so is the event that tells of it. */
  async receive(input: InputOf<typeof receiveWebhook>, caller: Caller): Promise<Answer> {
    const verified = await this.verification.verify(input, caller);
    const text = Buffer.from(verified.content.body).toString('utf8');
    const delivery = readDelivery(input.provider, input.headers, text);
    if (delivery.challenge !== undefined) return { status: 'challenge', challenge: delivery.challenge };
    try {
      return await this.#take(verified, delivery, caller);
    } catch (error) {
      // The tenant was deleted in this moment, and its sources with it.
      if (isForeignKeyViolation(error)) throw new DomainError('unauthenticated', undefined, { cause: error });
      throw error;
    }
  }

  /** Deletes deliveries that are old enough; how many. */
  async removeOld(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - keptMs);
    let removed = 0;
    for (;;) {
      const some = await this.database.asSystem('webhook-retention', (tx) => this.inbound.removeOld(tx, before));
      removed += some;
      if (some === 0) return removed;
    }
  }

  #take({ source, content }: Verified, delivery: Delivery, caller: Caller): Promise<Answer> {
    const { tenantId, sourceId, provider } = source;
    const { type, deliveryId = null, externalId = null, ticket } = delivery;
    const inboundId = newId('inb');
    const receivedAt = this.clock.now();
    const row = { tenantId, inboundId, sourceId, type, deliveryId, digest: digestOf(content), externalId, receivedAt };
    const sender: Caller = { ...caller, tenantId, principal: { type: 'service', id: `webhook-source:${sourceId}`, roles: [] } };
    return this.database.forTenant(tenantId, async (tx) => {
      if (!(await this.inbound.insert(tx, { ...row, body: content.body }))) {
        const known = await this.inbound.countDuplicate(tx, row);
        if (known === undefined) throw new DomainError('service_unavailable', 'Send it again.');
        const repeated = { eventId: known.inboundId, sourceId, provider };
        if (known.duplicates === 1) await this.outbox.record(tx, webhookRepeated, repeated, sender);
        return { eventId: known.inboundId, status: 'duplicate' };
      }
      const told = { eventId: inboundId, sourceId, provider, type, deliveryId, externalId, receivedAt: receivedAt.toISOString() };
      const data = { ...told, ...(ticket === undefined ? {} : { ticket }) };
      await this.outbox.record(tx, webhookReceived, data, sender);
      return { eventId: inboundId, status: 'accepted' };
    });
  }
}
