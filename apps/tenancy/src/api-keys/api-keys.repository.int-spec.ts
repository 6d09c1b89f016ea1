import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyId, TenantId } from '@support101/contracts';
import { isUniqueViolation } from '@support101/database';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { insertTenant, prepare, type Prepared } from '../../test/engines.js';
import { type ApiKeyRow, ApiKeysRepository } from './api-keys.repository.js';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 12, minute));

describe.each(engines)('ApiKeysRepository (%s)', (engine) => {
  const keys = new ApiKeysRepository();
  let prepared: Prepared;
  let tenantId: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  beforeEach(async () => {
    tenantId = await insertTenant(prepared);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  function insert(publicId: string, expiresAt: Date | null = null): Promise<ApiKeyRow> {
    const columns = {
      keyId: newId('key'),
      name: 'x',
      secretHash: new Uint8Array(32),
      roles: ['admin' as const],
      createdAt: at(0),
    };
    return prepared.models.forTenant(tenantId, (tx) => keys.insert(tx, { ...columns, tenantId, publicId, expiresAt }));
  }

  it('counts the keys that are accepted at a moment', async () => {
    const revoked = await insert('count1');
    await insert('count2', at(5));
    await insert('count3');
    await prepared.models.forTenant(tenantId, (tx) => keys.update(tx, revoked, { revokedAt: at(1) }));

    const counts = await prepared.models.forTenant(tenantId, async (tx) => [
      await keys.countActive(tx, tenantId, at(4)),
      await keys.countActive(tx, tenantId, at(5)),
    ]);

    expect(counts).toEqual([2, 1]);
  });

  it('changes times and nothing else', async () => {
    const key = await insert('change1');

    await prepared.models.forTenant(tenantId, (tx) => keys.update(tx, key, { expiresAt: at(9), rotatedAt: at(1) }));

    const row = await prepared.models.forTenant(tenantId, (tx) => keys.find(tx, tenantId, key.keyId));
    expect(row).toEqual({ ...key, expiresAt: at(9), rotatedAt: at(1) });
  });

  it('lists newest first from a place on', async () => {
    const made: KeyId[] = [];
    for (const publicId of ['list1', 'list2', 'list3']) {
      made.unshift((await insert(publicId)).keyId);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }

    const pages = await prepared.models.forTenant(tenantId, async (tx) => [
      await keys.list(tx, tenantId, undefined, 2),
      await keys.list(tx, tenantId, made[1], 2),
    ]);

    expect(pages.map((page) => page.map(({ keyId }) => keyId))).toEqual([made.slice(0, 2), made.slice(2)]);
  });

  it('lets no two tenants have one public id', async () => {
    await insert('same');
    tenantId = await insertTenant(prepared, 'Globex');

    const outcome = await insert('same').then(
      () => 'written',
      (error: unknown) => (isUniqueViolation(error) ? 'refused' : error),
    );

    expect(outcome).toBe('refused');
  });

  it('removes all keys of one tenant', async () => {
    const kept = await insert('kept');
    const owner = tenantId;
    tenantId = await insertTenant(prepared, 'Globex');
    await insert('removed');

    await prepared.models.forTenant(tenantId, (tx) => keys.removeAll(tx, tenantId));

    expect(await prepared.models.forTenant(tenantId, (tx) => keys.list(tx, tenantId, undefined, 9))).toEqual([]);
    expect(await prepared.models.forTenant(owner, (tx) => keys.find(tx, owner, kept.keyId))).toBeDefined();
  });
});
