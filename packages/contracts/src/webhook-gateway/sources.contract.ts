import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';
import { WebhookProvider, WebhookSource, WebhookSourceId, WebhookSourceWithSecret } from './webhook-source.js';

const read = { resource: 'webhook-gateway:sources', level: 'read' } as const;
const administer = { resource: 'webhook-gateway:sources', level: 'admin' } as const;

const Secret = text(500, 16).meta({
  description:
    'What the provider signs with: Slack and Zendesk issue it themselves. For `generic` it is `whsec_` and 24 to 64 bytes in base64. Left out: one is made',
});

/** Makes a source. */
export const createWebhookSource = rpc('webhook-gateway.sources.create.v1', {
  summary: 'Create a webhook source; its secret is shown in this answer only',
  access: administer,
  http: {
    method: 'POST',
    path: '/v1/webhook-sources',
    status: 201,
    location: (source) => `/v1/webhook-sources/${source.sourceId}`,
  },
  input: z.object({ provider: WebhookProvider, name: text(120), secret: Secret.optional() }),
  output: WebhookSourceWithSecret,
  errors: ['limit_exceeded'],
});

/** Lists the tenant’s sources. */
export const listWebhookSources = rpc('webhook-gateway.sources.list.v1', {
  summary: 'List webhook sources, newest first',
  access: read,
  http: { method: 'GET', path: '/v1/webhook-sources' },
  input: z.object({ ...pageQuery, provider: WebhookProvider.optional() }),
  output: page(WebhookSource),
  errors: ['cursor_invalid'],
});

/** Renames, switches on or off, or gives a new secret. */
export const updateWebhookSource = rpc('webhook-gateway.sources.update.v1', {
  summary: 'Change a webhook source, or give it a new secret; the old secret stays valid for the grace given',
  access: administer,
  http: { method: 'PATCH', path: '/v1/webhook-sources/{sourceId}', etag: true },
  input: z.object({
    sourceId: WebhookSourceId,
    name: text(120).optional(),
    enabled: z.boolean().optional().meta({ description: 'What is sent to a source that is switched off is refused' }),
    /** The new secret, as the provider issued it. */
    secret: Secret.optional(),
    rotateSecret: z.boolean().optional().meta({ description: 'true makes a new secret, shown in this answer only' }),
    graceSeconds: z.number().int().min(0).max(604_800).default(86_400).meta({
      description: 'With a new secret: how long the old one is still accepted, at most 7 days; 0 ends it at once',
    }),
    expectedVersion: z.number().int().positive().optional(),
  }),
  output: WebhookSourceWithSecret,
  errors: ['webhook_source_not_found', 'version_mismatch'],
});

/** Ends a source for good. */
export const deleteWebhookSource = rpc('webhook-gateway.sources.delete.v1', {
  summary: 'Delete a webhook source; what is sent to it is refused from then on',
  access: administer,
  http: { method: 'DELETE', path: '/v1/webhook-sources/{sourceId}', status: 204 },
  input: z.object({ sourceId: WebhookSourceId }),
  output: z.object({}),
  errors: ['webhook_source_not_found'],
});

/** What came in over the tenant’s sources. */
export const webhookSourceStats = rpc('webhook-gateway.sources.stats.v1', {
  summary: 'Numbers of the webhook sources: what came in during the last 24 hours',
  access: read,
  http: { method: 'GET', path: '/v1/webhook-sources/stats' },
  input: z.object({}),
  output: z.object({
    configuredProviders: z.array(WebhookProvider),
    since: Timestamp,
    accepted: z.number().int(),
    duplicates: z.number().int(),
    sources: z.array(
      z.object({
        sourceId: WebhookSourceId,
        provider: WebhookProvider,
        name: z.string(),
        enabled: z.boolean(),
        accepted: z.number().int(),
        duplicates: z.number().int(),
        lastReceivedAt: Timestamp.nullable(),
      }),
    ),
  }),
  errors: [],
});

const fact = z.object({ sourceId: WebhookSourceId, provider: WebhookProvider });
const ofSource = (data: { sourceId: string }) => `webhook-source:${data.sourceId}`;

/** A source was made. */
export const webhookSourceCreated = event('webhook-gateway.sources.created.v1', {
  summary: 'A webhook source was created',
  data: fact.extend({ name: z.string() }),
  resource: ofSource,
  audit: 'data_modified',
});

/** A source was changed; says what, never the secret. */
export const webhookSourceUpdated = event('webhook-gateway.sources.updated.v1', {
  summary: 'A webhook source was changed',
  data: fact.extend({ name: z.string(), enabled: z.boolean(), changed: z.array(z.enum(['name', 'enabled', 'secret'])) }),
  resource: ofSource,
  audit: 'data_modified',
});

/** A source was deleted. */
export const webhookSourceDeleted = event('webhook-gateway.sources.deleted.v1', {
  summary: 'A webhook source was deleted',
  data: fact.extend({ name: z.string() }),
  resource: ofSource,
  audit: 'data_modified',
});
