import type { WebhookProvider } from '@support101/contracts/webhook-gateway';
import { SecretBox } from './secret-box.js';

/** What the process decides about this service. */
export interface GatewayNeeds {
  /** Seals the secrets of sources: 32 bytes in base64. Several, separated by commas: the first seals, all open. */
  readonly secretsKey: string;
  /** Scheme and host under which third parties reach the gateway; not set: addresses of sources are shown without. */
  readonly publicUrl?: string | undefined;
}

/** What is particular to this installation: how its secrets are sealed, and where third parties reach it. */
export class Installation {
  readonly secrets: SecretBox;
  readonly #publicUrl: string;

  /** Throws when the key of secrets cannot be used. */
  constructor({ secretsKey, publicUrl = '' }: GatewayNeeds) {
    this.secrets = new SecretBox(secretsKey);
    this.#publicUrl = publicUrl.replace(/\/+$/, '');
  }

  /** Where the provider of a source is to send to. */
  addressOf(provider: WebhookProvider, sourceId: string): string {
    return `${this.#publicUrl}/v1/webhooks/${provider}/${sourceId}`;
  }
}
