import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { WebhookProvider, WebhookSourceId } from '@support101/contracts/webhook-gateway';
import { Database } from '@support101/database';
import { Clock } from '@support101/service-kit';
import { Installation } from '../platform/installation.js';
import { keyTextOf } from './sources-secret.rules.js';
import { type SourceCredentials, SourcesRepository } from './sources.repository.js';

/** A source as whoever checks a signature needs it. */
export interface CheckedSource {
  readonly tenantId: TenantId;
  readonly sourceId: WebhookSourceId;
  readonly provider: WebhookProvider;
  readonly state: 'enabled' | 'disabled' | 'deleted';
  /** Keys of signatures that are accepted: of the present secret, and of the one before in its grace. None when deleted. */
  readonly keys: readonly Uint8Array[];
}

/** Finds the source that an address belongs to, whosever it is. */
@Injectable()
export class SourcesCredentialsService {
  constructor(
    private readonly database: Database,
    private readonly sources: SourcesRepository,
    private readonly installation: Installation,
    private readonly clock: Clock,
  ) {}

  async find(sourceId: WebhookSourceId): Promise<CheckedSource | undefined> {
    const row = await this.database.asSystem('webhook-sources', (tx) => this.sources.findCredentials(tx, sourceId));
    if (row === undefined) return undefined;
    const { tenantId, provider } = row;
    const state = row.deletedAt !== null ? 'deleted' : row.enabled ? 'enabled' : 'disabled';
    return { tenantId, sourceId, provider, state, keys: state === 'deleted' ? [] : this.#keysOf(row) };
  }

  #keysOf(row: SourceCredentials): Uint8Array[] {
    const keys = [this.#keyOf(row, row.secretVersion, row.secretKeyId, row.sealedSecret)];
    const inGrace = row.previousSecretUntil !== null && row.previousSecretUntil > this.clock.now();
    if (inGrace) keys.push(this.#keyOf(row, row.previousSecretVersion, row.previousSecretKeyId, row.previousSealedSecret));
    return keys.filter((key) => key !== undefined);
  }

  #keyOf(
    { tenantId, sourceId, provider }: SourceCredentials,
    version: number | null,
    keyId: string | null,
    sealed: Uint8Array | null,
  ): Uint8Array | undefined {
    if (version === null || keyId === null || sealed === null) return undefined;
    const { text, encoding } = keyTextOf(
      provider,
      this.installation.secrets.open({ tenantId, sourceId, version }, { keyId, sealed }),
    );
    return Buffer.from(text, encoding);
  }
}
