import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines, type Prepared } from '@support101/service-testing';
import { prepare } from '../../test/engines.js';
import { type NewDraft, PlaybooksRepository } from './playbooks.repository.js';

const repository = new PlaybooksRepository();
const now = new Date('2026-11-22T12:00:00.000Z');
const later = new Date('2026-11-22T13:00:00.000Z');

function draft(over: Partial<NewDraft> = {}): NewDraft {
  return {
    ...{ playbookId: newId('pbk'), fingerprint: newId('evt'), category: 'billing', blueprint: 'b', steps: ['a', 'ü'] },
    ...{ successCount: 3, failureCount: 1, sources: [newId('run')], now, ...over },
  };
}

describe.each(engines)('PlaybooksRepository on %s Postgres', (engine) => {
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const save = (tenantId: TenantId, given: NewDraft) => prepared.database.forTenant(tenantId, (tx) => repository.save(tx, given));
  const ids = (tenantId: TenantId, filter: Partial<Parameters<PlaybooksRepository['list']>[1]> = {}) =>
    prepared.database.forTenant(tenantId, async (tx) => {
      const rows = await repository.list(tx, { before: undefined, category: undefined, ...filter }, 10);
      return rows.map(({ playbookId }) => playbookId);
    });

  it('gives back what was written, and nothing to another tenant', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    const { fingerprint, now: createdAt, ...given } = draft();

    const saved = await save(acme, { ...given, fingerprint, now: createdAt });
    const read = (tenantId: TenantId) => prepared.database.forTenant(tenantId, (tx) => repository.find(tx, given.playbookId));

    expect(saved).toEqual({ ...given, tenantId: acme, status: 'draft', createdAt, updatedAt: createdAt });
    expect(await read(acme)).toEqual(saved);
    expect(await read(globex)).toBeUndefined();
  });

  it('brings the draft of the same steps up to date', async () => {
    const tenantId = newId('ten');
    const first = draft();

    await save(tenantId, first);
    const again = await save(tenantId, { ...first, playbookId: newId('pbk'), successCount: 9, now: later });

    expect(again).toMatchObject({ playbookId: first.playbookId, successCount: 9, createdAt: now, updatedAt: later });
    expect(await ids(tenantId)).toEqual([first.playbookId]);
  });

  it('lists newest first, page by page, by category', async () => {
    const tenantId = newId('ten');
    const [first, second] = [draft(), draft({ category: 'other' })];
    await save(tenantId, first);
    await save(tenantId, second);

    expect(await ids(tenantId)).toEqual([second.playbookId, first.playbookId]);
    expect(await ids(tenantId, { before: second.playbookId })).toEqual([first.playbookId]);
    expect(await ids(tenantId, { category: 'other' })).toEqual([second.playbookId]);
  });

  it('forgets everything of a tenant, and nothing of another', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    await save(acme, draft());
    await save(globex, draft());

    await prepared.database.forTenant(acme, (tx) => repository.deleteAll(tx));

    expect(await ids(acme)).toEqual([]);
    expect(await ids(globex)).toHaveLength(1);
  });
});
