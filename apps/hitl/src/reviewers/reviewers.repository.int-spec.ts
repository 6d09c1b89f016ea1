import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines, type Prepared } from '@support101/service-testing';
import { insertRequest, openedAt, prepare } from '../../test/engines.js';
import { RequestsRepository } from '../requests/requests.repository.js';
import { type NewReviewer, ReviewersRepository } from './reviewers.repository.js';

describe.each(engines)('ReviewersRepository (%s)', (engine) => {
  const reviewers = new ReviewersRepository();
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  async function insert(tenantId: TenantId, over: Partial<NewReviewer> = {}) {
    const reviewerId = newId('rev');
    const columns = { tenantId, reviewerId, name: 'Ann', principalId: null, skills: [], capacity: 2, available: true };
    await prepared.database.forTenant(tenantId, (tx) => reviewers.insert(tx, { ...columns, createdAt: openedAt, ...over }));
    return reviewerId;
  }

  async function give(tenantId: TenantId, reviewerId: string) {
    const row = await insertRequest(prepared, tenantId);
    const assigned = { ...row, status: 'assigned', assignedTo: reviewerId } as const;
    await prepared.database.forTenant(tenantId, (tx) => new RequestsRepository().save(tx, assigned, null));
  }

  it('finds a reviewer by id and by principal, with what is in hand', async () => {
    const tenantId = newId('ten');
    const reviewerId = await insert(tenantId, { principalId: 'key_ann', skills: ['billing', 'ünïcode'] });
    await give(tenantId, reviewerId);

    const [byId, byPrincipal, nobody] = await prepared.database.forTenant(tenantId, async (tx) => [
      await reviewers.find(tx, tenantId, reviewerId),
      await reviewers.findByPrincipal(tx, tenantId, 'key_ann'),
      await reviewers.findByPrincipal(tx, tenantId, 'key_bob'),
    ]);

    expect(byId).toMatchObject({
      name: 'Ann',
      skills: ['billing', 'ünïcode'],
      openAssignments: 1,
      version: 1,
      lastAssignedAt: null,
    });
    expect(byPrincipal).toEqual(byId);
    expect(nobody).toBeUndefined();
  });

  it('lists who has room', async () => {
    const tenantId = newId('ten');
    const free = await insert(tenantId);
    const full = await insert(tenantId, { capacity: 1 });
    await insert(tenantId, { available: false });
    await give(tenantId, full);
    await give(tenantId, free);

    const rows = await prepared.database.forTenant(tenantId, (tx) => reviewers.listWithRoom(tx, tenantId));

    expect(rows.map(({ reviewerId }) => reviewerId)).toEqual([free]);
  });

  it('lists newest first, by availability, from a place on', async () => {
    const tenantId = newId('ten');
    const first = await insert(tenantId);
    await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    const second = await insert(tenantId, { available: false });
    const list = (filter: Parameters<typeof reviewers.list>[2]) =>
      prepared.database.forTenant(tenantId, (tx) => reviewers.list(tx, tenantId, filter, 10));

    expect((await list({})).map(({ reviewerId }) => reviewerId)).toEqual([second, first]);
    expect((await list({ before: second })).map(({ reviewerId }) => reviewerId)).toEqual([first]);
    expect((await list({ available: true })).map(({ reviewerId }) => reviewerId)).toEqual([first]);
  });

  it('saves a change as the next version', async () => {
    const tenantId = newId('ten');
    const reviewerId = await insert(tenantId);
    const later = new Date(openedAt.getTime() + 1);

    const row = await prepared.database.forTenant(tenantId, async (tx) => {
      const before = await reviewers.find(tx, tenantId, reviewerId);
      if (before !== undefined) await reviewers.save(tx, { ...before, name: 'Anna', capacity: 0, skills: ['x'] }, later);
      await reviewers.touch(tx, tenantId, reviewerId, later);
      return reviewers.find(tx, tenantId, reviewerId);
    });

    expect(row).toMatchObject({ name: 'Anna', capacity: 0, skills: ['x'], version: 2, updatedAt: later, lastAssignedAt: later });
  });

  it('gives a principal to one reviewer of a tenant', async () => {
    const tenantId = newId('ten');
    await insert(tenantId, { principalId: 'key_ann' });

    await expect(insert(tenantId, { principalId: 'key_ann' })).rejects.toThrow('duplicate key');
    await expect(insert(newId('ten'), { principalId: 'key_ann' })).resolves.toBeDefined();
  });
});
