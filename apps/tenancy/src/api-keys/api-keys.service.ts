import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, KeyId, type OutputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/tenancy';
import { type Delivery, Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf } from '@support101/service-kit';
import { TenancyDatabase, type TenancyTx } from '../platform/tenancy-database.js';
import { TenantsService } from '../tenants/tenants.service.js';
import { type ApiKeyRow, ApiKeysRepository, type NewApiKeyRow } from './api-keys.repository.js';
import * as rules from './api-keys.rules.js';

export { keyStatus, readKey } from './api-keys.rules.js';

/** SHA-256 is enough for a secret of 256 random bits; a slow hash would only slow every request down. */
export function hashOf(secret: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(secret).digest());
}

/** A tenant's API keys: made, listed, replaced, revoked. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly database: TenancyDatabase,
    private readonly keys: ApiKeysRepository,
    private readonly tenants: TenantsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  create(input: InputOf<typeof contract.createApiKey>, caller: TenantCaller): Promise<contract.NewApiKey> {
    return this.#showingOnce((show) =>
      this.database.once(contract.createApiKey, input, caller, async (tx) => {
        const now = this.clock.now();
        const expiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
        rules.checkMayMake(caller.principal, input.roles);
        rules.checkExpiry(expiresAt, now);
        await this.tenants.hold(tx, input.tenantId);
        rules.checkRoom(await this.keys.countActive(tx, input.tenantId, now));
        const { tenantId, name } = input;
        const row = await this.#make(tx, { tenantId, name, roles: rules.distinct(input.roles), expiresAt }, caller, show);
        return toApiKey(row, now);
      }),
    );
  }

  async list(input: InputOf<typeof contract.listApiKeys>): Promise<OutputOf<typeof contract.listApiKeys>> {
    const { tenantId, cursor, limit } = input;
    const before = keyOfCursor(KeyId, cursor);
    const rows = await this.database.forTenant(tenantId, async (tx) => {
      await this.tenants.require(tx, tenantId);
      return this.keys.list(tx, tenantId, before, limit + 1);
    });
    const now = this.clock.now();
    return pageOf(
      rows,
      limit,
      ({ keyId }) => keyId,
      (row) => toApiKey(row, now),
    );
  }

  /** Also keys that may do more than the caller: to take away is not to give. */
  async revoke({ tenantId, keyId }: InputOf<typeof contract.revokeApiKey>, caller: TenantCaller): Promise<void> {
    await this.database.forTenant(tenantId, async (tx) => {
      const row = await this.#hold(tx, tenantId, keyId);
      if (row.revokedAt !== null) return;
      await this.keys.update(tx, row, { revokedAt: this.clock.now() });
      await this.outbox.record(tx, contract.apiKeyRevoked, { tenantId, keyId }, caller);
    });
  }

  rotate(input: InputOf<typeof contract.rotateApiKey>, caller: TenantCaller): Promise<contract.NewApiKey> {
    const { tenantId, keyId, graceSeconds } = input;
    return this.#showingOnce((show) =>
      this.database.once(contract.rotateApiKey, input, caller, async (tx) => {
        const now = this.clock.now();
        const old = await this.#hold(tx, tenantId, keyId);
        // Whoever replaces a key is shown the new one.
        rules.checkMayMake(caller.principal, old.roles);
        const endsAt = rules.endAfterGrace(old, graceSeconds, now);
        const expiresAt = input.expiresAt === undefined ? old.expiresAt : new Date(input.expiresAt);
        rules.checkExpiry(expiresAt, now);
        await this.keys.update(tx, old, { expiresAt: endsAt, rotatedAt: now });
        rules.checkRoom(await this.keys.countActive(tx, tenantId, now));
        const row = await this.#make(tx, { tenantId, name: old.name, roles: old.roles, expiresAt }, caller, show);
        const fact = { tenantId, keyId, replacedBy: row.keyId, endsAt: endsAt.toISOString() };
        await this.outbox.record(tx, contract.apiKeyRotated, fact, caller);
        return toApiKey(row, now);
      }),
    );
  }

  /** Removes what a deleted tenant leaves behind; its keys were refused from the moment of the deletion. */
  removeAll(delivery: Delivery<typeof contract.tenantDeleted>): Promise<void> {
    return this.database.onceDelivered(delivery, (tx) => this.keys.removeAll(tx, delivery.event.tenantid));
  }

  /**
   * Adds the key to the answer that goes out now and not to the one that is kept for the idempotency key: a secret
   * must not lie readable in the database for a day.
   */
  async #showingOnce(run: (show: (key: string) => void) => Promise<contract.NewApiKey>): Promise<contract.NewApiKey> {
    let key: string | undefined;
    const answer = await run((made) => {
      key = made;
    });
    return key === undefined ? answer : { ...answer, key };
  }

  async #make(
    tx: TenancyTx,
    given: Pick<NewApiKeyRow, 'tenantId' | 'name' | 'roles' | 'expiresAt'>,
    caller: TenantCaller,
    show: (key: string) => void,
  ): Promise<ApiKeyRow> {
    const { publicId, secret } = rules.keyParts({
      publicId: randomBytes(rules.randomBytesOf.publicId),
      secret: randomBytes(rules.randomBytesOf.secret),
    });
    const keyId = newId('key');
    const row = await this.keys.insert(tx, {
      ...given,
      keyId,
      publicId,
      secretHash: hashOf(secret),
      createdAt: this.clock.now(),
    });
    const { tenantId, name, roles, expiresAt } = row;
    const fact = { tenantId, keyId, name, roles, ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }) };
    await this.outbox.record(tx, contract.apiKeyCreated, fact, caller);
    show(rules.formatKey({ publicId, secret }));
    return row;
  }

  /** The key's row. Its tenant is held, so that two changes of keys come one after the other. */
  async #hold(tx: TenancyTx, tenantId: TenantId, keyId: KeyId): Promise<ApiKeyRow> {
    await this.tenants.hold(tx, tenantId);
    const row = await this.keys.find(tx, tenantId, keyId);
    if (row === undefined) throw new DomainError('api_key_not_found');
    return row;
  }
}

function toApiKey(row: ApiKeyRow, now: Date): contract.ApiKey {
  const { keyId, tenantId, name, roles, expiresAt, revokedAt, lastUsedAt } = row;
  return {
    keyId,
    tenantId,
    name,
    roles,
    prefix: rules.keyPrefix(row.publicId),
    status: rules.keyStatus(row, now),
    createdAt: row.createdAt.toISOString(),
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
    ...(revokedAt === null ? {} : { revokedAt: revokedAt.toISOString() }),
    ...(lastUsedAt === null ? {} : { lastUsedAt: lastUsedAt.toISOString() }),
  };
}
