import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { anAgent, insertAgent, insertRun, prepare, type Prepared } from '../../test/engines.js';
import { AgentsRepository } from './agents.repository.js';

describe.each(engines)('AgentsRepository (%s)', (engine) => {
  const agents = new AgentsRepository();
  let prepared: Prepared;
  let tenantId: TenantId;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  beforeEach(() => {
    tenantId = newId('ten');
  });

  afterAll(async () => {
    await prepared?.close();
  });

  it('gives back what was inserted, in a transaction of Prisma and by itself', async () => {
    const row = await insertAgent(prepared, tenantId, { name: 'Ada “ünïcode” 🙂', config: { deep: { list: [1, null, 'x'] } } });

    expect(await prepared.models.forTenant(tenantId, (tx) => agents.find(tx, tenantId, row.id))).toEqual(row);
    expect(await agents.find(prepared.models.alone(tenantId), tenantId, row.id)).toEqual(row);
  });

  it('finds nothing of another tenant', async () => {
    const row = await insertAgent(prepared, newId('ten'));

    expect(await prepared.models.forTenant(tenantId, (tx) => agents.find(tx, tenantId, row.id))).toBeUndefined();
    expect(await prepared.models.forTenant(tenantId, (tx) => agents.find(tx, row.tenantId, row.id))).toBeUndefined();
    expect(await agents.find(prepared.models.alone(tenantId), tenantId, row.id)).toBeUndefined();
    expect(await prepared.models.forTenant(tenantId, (tx) => agents.count(tx))).toBe(0);
  });

  it('lists by filters, newest first, from a place on, and counts by column', async () => {
    const ids: string[] = [];
    for (const status of ['active', 'disabled', 'active'] as const) {
      ids.unshift((await insertAgent(prepared, tenantId, { status })).id);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }

    const list = (filter: Parameters<typeof agents.list>[2]) =>
      prepared.models.forTenant(tenantId, (tx) => agents.list(tx, tenantId, filter, 2));
    const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

    const first = await list({});
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(idsOf(await list({ before: first[1]?.id }))).toEqual(ids.slice(2));
    expect(idsOf(await list({ status: 'disabled' }))).toEqual([ids[1]]);
    expect(await list({ blueprint: 'other' })).toEqual([]);
    expect(await prepared.models.forTenant(tenantId, (tx) => agents.countBy(tx, tenantId, 'status'))).toEqual({
      active: 2,
      disabled: 1,
    });
  });

  it('saves a changed row and leaves the rest as it was', async () => {
    const row = await insertAgent(prepared, tenantId);
    const changed = { ...row, name: 'Bo', config: { maxIterations: 1 }, version: 2 };

    await prepared.models.forTenant(tenantId, (tx) => agents.update(tx, changed));

    expect(await prepared.models.forTenant(tenantId, (tx) => agents.find(tx, tenantId, row.id))).toEqual(changed);
  });

  it('knows whether a run is unfinished, counts runs, and removes all agents of a tenant', async () => {
    const row = await insertAgent(prepared, tenantId);
    const stranger = await insertAgent(prepared, newId('ten'));
    const hasUnfinished = () => prepared.models.forTenant(tenantId, (tx) => agents.hasUnfinishedRun(tx, tenantId, row.id));
    expect(await hasUnfinished()).toBe(false);
    await insertRun(prepared, tenantId, { agentId: row.id });

    expect(await hasUnfinished()).toBe(true);
    expect(await prepared.models.forTenant(tenantId, (tx) => agents.countRunsByStatus(tx, tenantId))).toEqual({ queued: 1 });
    const removed = await prepared.database.forTenant(tenantId, (tx) => agents.deleteAll(tx, tenantId));
    expect(removed).toEqual([{ id: row.id, name: row.name, blueprint: row.blueprint }]);
    const left = await prepared.models.forTenant(stranger.tenantId, (tx) => agents.count(tx));
    expect(left).toBe(1);
  });

  it('refuses a status there is not', async () => {
    const insert = prepared.models.forTenant(tenantId, (tx) =>
      agents.insert(tx, anAgent(tenantId, { status: 'asleep' as 'active' })),
    );

    await expect(insert).rejects.toThrow('agents_status_known');
  });
});
