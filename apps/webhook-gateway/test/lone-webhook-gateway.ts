import type { Caller } from '@support101/contracts';
import { receiveWebhook, type WebhookSource } from '@support101/contracts/webhook-gateway';
import { TestedService } from '@support101/service-testing';
import { VirtualClock } from '@support101/testing';
import { definition } from './engines.js';
import type { Sent } from './senders.js';

/** The service booted by itself. */
export class LoneWebhookGateway extends TestedService {
  override readonly clock = new VirtualClock();
  /** Who calls a public contract. */
  protected override readonly usualCaller: Caller = {
    principal: { type: 'user', id: 'anonymous', roles: [] },
    correlationId: 'cor_of_a_test',
  };

  static boot(): Promise<LoneWebhookGateway> {
    return new LoneWebhookGateway(definition).start();
  }

  /** Sends a webhook as the gateway passes it on. */
  send({ provider, sourceId }: Pick<WebhookSource, 'provider' | 'sourceId'>, { body, headers }: Sent) {
    return this.ask(receiveWebhook, { provider, sourceId, body: Buffer.from(body).toString('base64'), headers });
  }

  /** Makes what came over a source older: moving the clock by weeks would run every timer on the way. */
  async received(sourceId: string, agoMs: number): Promise<void> {
    const at = new Date(this.clock.now().getTime() - agoMs);
    await this.rows('update inbound set received_at = $2 where source_id = $1', [sourceId, at]);
  }
}
