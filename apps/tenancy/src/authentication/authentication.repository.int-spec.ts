import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyId, TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { insertTenant, prepare, type Prepared } from '../../test/engines.js';
import { TenantsRepository } from '../tenants/tenants.repository.js';
import { AuthenticationRepository } from './authentication.repository.js';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 12, minute));

describe.each(engines)('AuthenticationRepository (%s)', (engine) => {
  const credentials = new AuthenticationRepository();
  let prepared: Prepared;
  let tenantId: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
    tenantId = await insertTenant(prepared);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  async function insertKey(publicId: string, owner = tenantId): Promise<KeyId> {
    const keyId = newId('key');
    const data = {
      tenantId: owner,
      keyId,
      name: 'x',
      publicId,
      secretHash: new Uint8Array(32).fill(7),
      roles: ['admin'],
      createdAt: at(0),
    };
    await prepared.models.forTenant(owner, (tx) => tx.prisma.apiKey.create({ data }));
    return keyId;
  }

  it('finds a key of any tenant by its public id, with what decides about it', async () => {
    const keyId = await insertKey('public1');

    const found = await prepared.database.asSystem('credentials', (tx) => credentials.find(tx, 'public1'));

    expect(found).toEqual({
      tenantId,
      keyId,
      roles: ['admin'],
      expiresAt: null,
      revokedAt: null,
      status: 'active',
      tier: 'starter',
      ownLimits: {},
      secretHash: expect.anything(),
    });
    expect([...(found?.secretHash ?? [])]).toEqual(Array.from({ length: 32 }, () => 7));
  });

  it('finds nothing for an unknown key or that of a deleted tenant', async () => {
    const gone = await insertTenant(prepared, 'Gone');
    await insertKey('public2', gone);
    await prepared.models.forTenant(gone, (tx) => new TenantsRepository().bury(tx, gone, at(1)));

    const found = await prepared.database.asSystem('credentials', async (tx) => [
      await credentials.find(tx, 'public2'),
      await credentials.find(tx, 'nobody'),
    ]);

    expect(found).toEqual([undefined, undefined]);
  });

  it('writes uses of many keys at once and never an older one over a newer', async () => {
    const [one, two] = [await insertKey('public3'), await insertKey('public4')];
    const record = (uses: { tenantId: TenantId; keyId: KeyId; at: Date }[]) =>
      prepared.database.asSystem('credentials', (tx) => credentials.recordUses(tx, uses));

    await record([
      { tenantId, keyId: one, at: at(2) },
      { tenantId, keyId: two, at: at(2) },
    ]);
    await record([
      { tenantId, keyId: one, at: at(1) },
      { tenantId, keyId: two, at: at(3) },
    ]);

    const rows = await prepared.models.forTenant(tenantId, (tx) =>
      tx.prisma.apiKey.findMany({ where: { keyId: { in: [one, two] } }, orderBy: { publicId: 'asc' } }),
    );
    expect(rows.map(({ lastUsedAt }) => lastUsedAt)).toEqual([at(2), at(3)]);
  });

  it('writes uses of the same keys from several processes at once, in whatever order each has them', async () => {
    const keys: KeyId[] = [];
    for (let index = 0; index < 300; index += 1) keys.push(await insertKey(`many${index}`));
    const write = (order: readonly KeyId[], time: number) =>
      prepared.database.asSystem('credentials', (tx) =>
        credentials.recordUses(
          tx,
          order.map((keyId) => ({ tenantId, keyId, at: at(time) })),
        ),
      );

    const rounds = Array.from({ length: 20 }, (_, time) => [write(keys, 10 + time), write(keys.toReversed(), 10 + time)]);

    await expect(Promise.all(rounds.flat())).resolves.toHaveLength(40);
  });
});
