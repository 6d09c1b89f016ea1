import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TenantId } from '@support101/contracts';
import { drift, isRefused, unprotectedTables } from '@support101/database';
import { messagingSchemaFile } from '@support101/messaging';
import { engines, insertTenant, prepare, type Prepared } from '../../test/engines.js';
import { TenantsRepository } from '../tenants/tenants.repository.js';

describe.each(engines)('the tables of tenancy (%s)', (engine) => {
  let prepared: Prepared;
  let acme: TenantId;
  let globex: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
    acme = await insertTenant(prepared, 'Acme');
    globex = await insertTenant(prepared, 'Globex');
  });

  afterAll(async () => {
    await prepared?.close();
  });

  it('are those that the Prisma schema describes', async () => {
    const schemaFiles = [new URL('../../prisma/schema.prisma', import.meta.url), messagingSchemaFile];

    expect(await drift({ url: prepared.url, schema: 'tenancy', schemaFiles })).toBe('');
  });

  it('are all protected by row-level security', async () => {
    expect(await unprotectedTables(prepared.database)).toEqual([]);
  });

  it('show a tenant its own row only', async () => {
    const rows = await prepared.tenancy.forTenant(acme, (tx) => tx.prisma.tenant.findMany());
    const other = await prepared.tenancy.forTenant(acme, (tx) => new TenantsRepository().find(tx, globex));

    expect(rows.map(({ tenantId }) => tenantId)).toEqual([acme]);
    expect(other).toBeUndefined();
  });

  it('cannot be written for another tenant', async () => {
    const key = { keyId: 'key_x', name: 'x', publicId: 'x', secretHash: new Uint8Array(32), roles: [], createdAt: new Date() };
    const insert = prepared.tenancy.forTenant(acme, (tx) => tx.prisma.apiKey.create({ data: { ...key, tenantId: globex } }));
    const outcome = await insert.then(
      () => 'written',
      (error: unknown) => (isRefused(error) ? 'refused' : error),
    );
    const updated = await prepared.tenancy.forTenant(acme, (tx) =>
      tx.prisma.tenant.updateMany({ where: { tenantId: globex }, data: { name: 'taken over' } }),
    );

    expect(outcome).toBe('refused');
    expect(updated.count).toBe(0);
  });

  it('show everybody’s rows to the platform', async () => {
    const names = await prepared.tenancy.asSystem('platform-admin', (tx) => new TenantsRepository().list(tx, {}, 10));

    expect(names.map(({ name }) => name).sort()).toEqual(['Acme', 'Globex']);
  });
});
