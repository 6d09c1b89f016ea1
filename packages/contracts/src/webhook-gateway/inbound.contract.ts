import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { id } from '../kernel/ids.js';
import { Timestamp } from '../kernel/text.js';
import { WebhookProvider, WebhookSourceId } from './webhook-source.js';

export const InboundEventId = id('inb');
export type InboundEventId = z.infer<typeof InboundEventId>;

/** What a support case looks like, whichever provider it came from. Long texts are cut. */
export const InboundTicket = z
  .object({
    id: z.string().meta({ description: 'The provider’s own id of the case: ticket id, issue key, or channel and thread' }),
    subject: z.string().optional(),
    description: z.string().optional(),
    status: z.string().optional(),
    priority: z.string().optional(),
    requesterId: z.string().optional(),
  })
  .meta({ id: 'InboundTicket' });
export type InboundTicket = z.infer<typeof InboundTicket>;

/** Takes what a third party sends, when its signature is right. */
export const receiveWebhook = rpc('webhook-gateway.inbound.receive.v1', {
  summary: 'Take a webhook that its provider has signed; the same delivery is taken once',
  access: { public: true },
  http: {
    method: 'POST',
    path: '/v1/webhooks/{provider}/{sourceId}',
    raw: { body: 'body', headers: 'headers' },
    status: { among: [200, 202], of: (answer) => (answer.challenge === undefined ? 202 : 200) },
  },
  input: z.object({
    provider: WebhookProvider,
    sourceId: WebhookSourceId,
    body: z.base64(),
    headers: z.record(z.string(), z.string()),
  }),
  output: z.object({
    eventId: InboundEventId.optional(),
    status: z.enum(['accepted', 'duplicate', 'challenge']),
    challenge: z.string().optional().meta({ description: 'Slack’s question whether the address is ours, sent back' }),
  }),
  // Also for a source that does not exist, is switched off or was deleted.
  errors: ['unauthenticated'],
});

const ofSource = (data: { sourceId: string }) => `webhook-source:${data.sourceId}`;

/** A signed webhook was taken; recorded once however often it was sent. */
export const webhookReceived = event('webhook-gateway.inbound.received.v1', {
  summary: 'A signed webhook was received',
  data: z.object({
    eventId: InboundEventId,
    sourceId: WebhookSourceId,
    provider: WebhookProvider,
    /** `<provider>.<what happened>`, for example `jira.issue_created`; `<provider>.unknown` when it does not say. */
    type: z.string(),
    /** The provider’s id of the delivery; null when it gives none. */
    deliveryId: z.string().nullable(),
    /** The provider’s id of what it is about; null when there is none. */
    externalId: z.string().nullable(),
    ticket: InboundTicket.optional(),
    receivedAt: Timestamp,
  }),
  resource: ofSource,
  audit: 'webhook_received',
});

/** A webhook that was there already came again: replayed, or sent anew by the provider. Told once per webhook. */
export const webhookRepeated = event('webhook-gateway.inbound.repeated.v1', {
  summary: 'A webhook came again and was not taken twice',
  data: z.object({ eventId: InboundEventId, sourceId: WebhookSourceId, provider: WebhookProvider }),
  resource: ofSource,
  audit: 'webhook_received',
  outcome: () => 'duplicate',
});

/** Why a webhook was refused. */
export const refusalReasons = [
  'signature_missing',
  'signature_invalid',
  'timestamp_invalid',
  'timestamp_outside_window',
  'source_disabled',
  'source_deleted',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** Webhooks to a source were refused; at most one event per source, minute and process, which counts the others. */
export const webhookRefused = event('webhook-gateway.inbound.refused.v1', {
  summary: 'Webhooks to a source were refused',
  data: z.object({
    sourceId: WebhookSourceId,
    provider: WebhookProvider,
    /** Of the first one. */
    reason: z.enum(refusalReasons),
    count: z.number().int().positive(),
    since: Timestamp,
  }),
  resource: ofSource,
  audit: 'security_violation',
  outcome: () => 'refused',
});
