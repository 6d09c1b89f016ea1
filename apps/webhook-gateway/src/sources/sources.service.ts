import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type TenantCaller } from '@support101/contracts';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import * as contract from '@support101/contracts/webhook-gateway';
import { type Delivery, Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf } from '@support101/service-kit';
import { Installation } from '../platform/installation.js';
import { WebhookDatabase, type WebhookTx } from '../platform/webhook-database.js';
import { type SourceChange, type SourceRow, SourcesRepository } from './sources.repository.js';
import * as rules from './sources.rules.js';

const secretBytes = 32;
const statsMs = 24 * 60 * 60 * 1000;

/** A tenant's webhook sources: made, listed, changed, deleted. */
@Injectable()
export class SourcesService {
  constructor(
    private readonly database: WebhookDatabase,
    private readonly sources: SourcesRepository,
    private readonly installation: Installation,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  create(input: InputOf<typeof contract.createWebhookSource>, caller: TenantCaller): Promise<contract.WebhookSourceWithSecret> {
    const { provider, name } = input;
    if (input.secret !== undefined) rules.checkSecret(provider, input.secret);
    return this.#showingOnce((show) =>
      this.database.once(contract.createWebhookSource, input, caller, async (tx) => {
        const { tenantId } = caller;
        await this.sources.lock(tx, tenantId);
        rules.checkRoom(await this.sources.count(tx, tenantId));
        const sourceId = newId('src');
        const secret = input.secret ?? rules.secretText(randomBytes(secretBytes));
        const { keyId, sealed } = this.installation.secrets.seal({ tenantId, sourceId, version: 1 }, secret);
        const now = this.clock.now();
        const times = { createdAt: now, updatedAt: now };
        const kept = { secretVersion: 1, secretKeyId: keyId, sealedSecret: sealed };
        const row = await this.sources.insert(tx, { tenantId, sourceId, provider, name, ...kept, ...times });
        await this.outbox.record(tx, contract.webhookSourceCreated, { sourceId, provider, name }, caller);
        show(secret);
        return this.#toSource(row);
      }),
    );
  }

  async list(
    { provider, cursor, limit }: InputOf<typeof contract.listWebhookSources>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listWebhookSources>> {
    const before = keyOfCursor(contract.WebhookSourceId, cursor);
    const asked = { provider, before, limit: limit + 1 };
    const rows = await this.database.forTenant(tenantId, (tx) => this.sources.list(tx, tenantId, asked));
    return pageOf(
      rows,
      limit,
      ({ sourceId }) => sourceId,
      (row) => this.#toSource(row),
    );
  }

  update(input: InputOf<typeof contract.updateWebhookSource>, caller: TenantCaller): Promise<contract.WebhookSourceWithSecret> {
    rules.checkChange(input);
    return this.#showingOnce((show) =>
      this.database.once(contract.updateWebhookSource, input, caller, async (tx) => {
        const row = await this.#hold(tx, caller, input.sourceId);
        rules.checkVersion(row, input.expectedVersion);
        const changed = rules.changedParts(row, input);
        if (changed.length === 0) return this.#toSource(row);
        const { name = row.name, enabled = row.enabled } = input;
        const secret = changed.includes('secret') ? this.#newSecret(row, input, show) : {};
        const updated = await this.sources.update(tx, row, { name, enabled, ...secret, updatedAt: this.clock.now() });
        const { sourceId, provider } = row;
        await this.outbox.record(tx, contract.webhookSourceUpdated, { sourceId, provider, name, enabled, changed }, caller);
        return this.#toSource(updated);
      }),
    );
  }

  async delete({ sourceId }: InputOf<typeof contract.deleteWebhookSource>, caller: TenantCaller): Promise<void> {
    await this.database.forTenant(caller.tenantId, async (tx) => {
      const row = await this.#hold(tx, caller, sourceId);
      const now = this.clock.now();
      await this.sources.update(tx, row, { ...withoutSecrets, enabled: false, deletedAt: now, updatedAt: now });
      const { provider, name } = row;
      await this.outbox.record(tx, contract.webhookSourceDeleted, { sourceId, provider, name }, caller);
    });
  }

  async stats({ tenantId }: TenantCaller): Promise<OutputOf<typeof contract.webhookSourceStats>> {
    const since = new Date(this.clock.now().getTime() - statsMs);
    const { rows, counts } = await this.database.forTenant(tenantId, async (tx) => ({
      rows: await this.sources.list(tx, tenantId, { limit: rules.maxSources }),
      counts: new Map((await this.sources.counts(tx, tenantId, since)).map((count) => [count.sourceId, count])),
    }));
    const sources = rows.map(({ sourceId, provider, name, enabled }) => {
      const { accepted = 0, duplicates = 0, lastReceivedAt = null } = counts.get(sourceId) ?? {};
      return { sourceId, provider, name, enabled, accepted, duplicates, lastReceivedAt: lastReceivedAt?.toISOString() ?? null };
    });
    return {
      configuredProviders: contract.WebhookProvider.options.filter((provider) => rows.some((row) => row.provider === provider)),
      since: since.toISOString(),
      accepted: sources.reduce((sum, { accepted }) => sum + accepted, 0),
      duplicates: sources.reduce((sum, { duplicates }) => sum + duplicates, 0),
      sources,
    };
  }

  /** Removes what a deleted tenant leaves behind. */
  removeAll(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.database.onceDelivered(delivery, (tx) => this.sources.removeAll(tx, delivery.event.tenantid));
  }

  /**
   * Adds the secret to the answer that goes out now and not to the one that is kept for the idempotency key: it must not
   * lie readable in the database for a day.
   */
  async #showingOnce(
    run: (show: (secret: string) => void) => Promise<contract.WebhookSourceWithSecret>,
  ): Promise<contract.WebhookSourceWithSecret> {
    let secret: string | undefined;
    const answer = await run((made) => {
      secret = made;
    });
    return secret === undefined ? answer : { ...answer, secret };
  }

  /** The columns of a new secret, with the present one kept for the grace. */
  #newSecret(
    row: SourceRow,
    { secret: given, graceSeconds }: InputOf<typeof contract.updateWebhookSource>,
    show: (secret: string) => void,
  ): SourceChange {
    const { tenantId, sourceId, provider, secretVersion } = row;
    if (given !== undefined) rules.checkSecret(provider, given);
    const secret = given ?? rules.secretText(randomBytes(secretBytes));
    const version = secretVersion + 1;
    const { keyId, sealed } = this.installation.secrets.seal({ tenantId, sourceId, version }, secret);
    show(secret);
    const previous =
      graceSeconds === 0
        ? withoutPrevious
        : {
            previousSecretVersion: secretVersion,
            previousSecretKeyId: row.secretKeyId,
            previousSealedSecret: row.sealedSecret,
            previousSecretUntil: new Date(this.clock.now().getTime() + graceSeconds * 1000),
          };
    return { secretVersion: version, secretKeyId: keyId, sealedSecret: sealed, ...previous };
  }

  async #hold(tx: WebhookTx, { tenantId }: TenantCaller, sourceId: contract.WebhookSourceId): Promise<SourceRow> {
    const row = await this.sources.hold(tx, tenantId, sourceId);
    if (row === undefined) throw new DomainError('webhook_source_not_found');
    return row;
  }

  #toSource({ sourceId, provider, name, enabled, version, ...row }: SourceRow): contract.WebhookSource {
    const until = row.previousSecretUntil;
    return {
      sourceId,
      provider,
      name,
      url: this.installation.addressOf(provider, sourceId),
      enabled,
      previousSecretUntil: until !== null && until > this.clock.now() ? until.toISOString() : null,
      version,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

const withoutPrevious = {
  previousSecretVersion: null,
  previousSecretKeyId: null,
  previousSealedSecret: null,
  previousSecretUntil: null,
};
const withoutSecrets = { secretKeyId: null, sealedSecret: null, ...withoutPrevious };
