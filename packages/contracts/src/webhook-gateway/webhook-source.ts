import { z } from 'zod';
import { id } from '../kernel/ids.js';
import { Timestamp } from '../kernel/text.js';

export const WebhookSourceId = id('src');
export type WebhookSourceId = z.infer<typeof WebhookSourceId>;

/** Whose rules of signing a source follows; `generic` is Standard Webhooks. */
export const WebhookProvider = z.enum(['zendesk', 'slack', 'jira', 'generic']);
export type WebhookProvider = z.infer<typeof WebhookProvider>;

/** A place of a third party from which webhooks are taken, as lists show it: without its secret. */
export const WebhookSource = z
  .object({
    sourceId: WebhookSourceId,
    provider: WebhookProvider,
    name: z.string(),
    url: z.string().meta({
      description:
        'Where the provider is to send to; without scheme and host when the installation was not told its public address',
      examples: ['https://support.example/v1/webhooks/generic/src_01jd5m6wz5f9r8x2k3c4v7b6n1'],
    }),
    enabled: z.boolean(),
    /** Until when the secret before the present one is still accepted; null when it is not. */
    previousSecretUntil: Timestamp.nullable(),
    version: z.number().int(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'WebhookSource' });
export type WebhookSource = z.infer<typeof WebhookSource>;

/** A source with its secret: the answers that made or changed the secret, and no others. */
export const WebhookSourceWithSecret = WebhookSource.extend({
  secret: z.string().optional().meta({
    description:
      'What the provider signs with. Shown once: a repeated request with the same Idempotency-Key is answered without it',
  }),
}).meta({ id: 'WebhookSourceWithSecret' });
export type WebhookSourceWithSecret = z.infer<typeof WebhookSourceWithSecret>;
