import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { engines } from '@support101/service-testing';
import { insertTenant, prepare, type Prepared } from '../../test/engines.js';
import { TenantsRepository } from './tenants.repository.js';

const later = new Date('2026-11-22T13:00:00Z');

describe.each(engines)('TenantsRepository (%s)', (engine) => {
  const tenants = new TenantsRepository();
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  it('gives back what was inserted, with its first version', async () => {
    const tenantId = await insertTenant(prepared, 'Acme “ünïcode” 🙂');

    const row = await prepared.models.forTenant(tenantId, (tx) => tenants.find(tx, tenantId));

    expect(row).toMatchObject({ tenantId, name: 'Acme “ünïcode” 🙂', tier: 'starter', ownLimits: {}, settings: {}, version: 1 });
  });

  it('saves a change as the next version and leaves the rest as it was', async () => {
    const tenantId = await insertTenant(prepared);

    const change = { tier: 'free', ownLimits: { maxAgents: 0 }, settings: { a: { b: null } }, allowedBlueprints: ['x'] } as const;
    const row = await prepared.models.forTenant(tenantId, (tx) => tenants.save(tx, tenantId, change, later));

    expect(row).toMatchObject({ ...change, name: 'Acme', version: 2, updatedAt: later });
  });

  it('lists by filters, newest first, from a place on', async () => {
    const ids: TenantId[] = [];
    for (const name of ['one', 'two', 'three']) {
      ids.unshift(await insertTenant(prepared, name));
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }

    const list = (filter: Parameters<typeof tenants.list>[1]) =>
      prepared.models.asSystem('test', (tx) => tenants.list(tx, { tier: 'starter', ...filter }, 2));

    expect((await list({})).map(({ tenantId }) => tenantId)).toEqual(ids.slice(0, 2));
    expect((await list({ before: ids[1] })).map(({ tenantId }) => tenantId)[0]).toBe(ids[2]);
    expect(await list({ status: 'suspended' })).toEqual([]);
  });

  it('keeps the emptied row of a deleted tenant out of sight and its id taken', async () => {
    const tenantId = await insertTenant(prepared, 'Gone');
    const before = await prepared.models.asSystem('test', (tx) => tenants.count(tx));

    await prepared.models.forTenant(tenantId, (tx) => tenants.bury(tx, tenantId, later));

    expect(await prepared.models.forTenant(tenantId, (tx) => tenants.find(tx, tenantId))).toBeUndefined();
    const after = await prepared.models.asSystem('test', (tx) => tenants.count(tx));
    const sum = (groups: { count: number }[]) => groups.reduce((total, { count }) => total + count, 0);
    expect(sum(after)).toBe(sum(before) - 1);
    const raw = await prepared.models.asSystem('test', (tx) =>
      tx.query('select name from tenants where tenant_id = $1', [tenantId]),
    );
    expect(raw).toEqual([{ name: '' }]);
  });

  it('lets one transaction after the other change a tenant that is held', async () => {
    const tenantId = await insertTenant(prepared);

    const increment = () =>
      prepared.models.forTenant(tenantId, async (tx) => {
        const row = await tenants.findForUpdate(tx, tenantId);
        const maxAgents = (row?.ownLimits.maxAgents ?? 0) + 1;
        await tenants.save(tx, tenantId, { ownLimits: { maxAgents } }, later);
      });
    await Promise.all(Array.from({ length: 8 }, increment));

    const row = await prepared.models.forTenant(tenantId, (tx) => tenants.find(tx, tenantId));
    expect(row?.ownLimits.maxAgents).toBe(8);
  });
});
