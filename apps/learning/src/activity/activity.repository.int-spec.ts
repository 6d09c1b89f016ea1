import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventId, TenantId } from '@support101/contracts';
import type { Activity } from '@support101/contracts/learning';
import { newId } from '@support101/service-kit';
import { engines, type Prepared } from '@support101/service-testing';
import { prepare } from '../../test/engines.js';
import { ActivityRepository } from './activity.repository.js';

const repository = new ActivityRepository();
const moment = '2026-11-22T13:00:00.000Z';

function entry(over: Partial<Activity> = {}): Activity {
  return {
    ...{ eventId: newId('evt'), type: 'agent-runtime.runs.started.v1', resource: 'run:1', outcome: 'success' },
    ...{ principal: { type: 'key', id: 'key_1' }, runId: newId('run'), agentId: newId('agt'), requestId: null },
    ...{ summary: 'A run was accepted', happenedAt: moment, ...over },
  };
}

describe.each(engines)('ActivityRepository on %s Postgres', (engine) => {
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const write = (tenantId: TenantId, ...entries: Activity[]) =>
    prepared.database.forTenant(tenantId, async (tx) => {
      for (const one of entries) await repository.insert(tx, one);
    });
  const read = (tenantId: TenantId, filter: Partial<Parameters<ActivityRepository['list']>[1]> = {}) =>
    prepared.database.forTenant(tenantId, (tx) => repository.list(tx, { type: undefined, before: undefined, ...filter }, 10));
  const ids = async (...given: Parameters<typeof read>): Promise<EventId[]> =>
    (await read(...given)).map(({ eventId }) => eventId);

  it('gives back what was written, once, and nothing to another tenant', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    const { principal, happenedAt, ...written } = entry();

    await write(acme, { ...written, principal, happenedAt }, { ...written, principal, happenedAt });

    const expected = { ...written, principalType: 'key', principalId: 'key_1', happenedAt: new Date(happenedAt) };
    expect(await read(acme)).toEqual([expected]);
    expect(await read(globex)).toEqual([]);
  });

  it('lists newest first, and goes on after a key inside one moment', async () => {
    const tenantId = newId('ten');
    const [first, second, third] = [entry(), entry(), entry({ happenedAt: '2026-11-22T12:00:00.000Z' })];
    await write(tenantId, third, second, first);
    const newest = first.eventId > second.eventId ? [first.eventId, second.eventId] : [second.eventId, first.eventId];

    expect(await ids(tenantId)).toEqual([...newest, third.eventId]);
    expect(await ids(tenantId, { before: { happenedAt: moment, eventId: newest[0] ?? '' } })).toEqual([newest[1], third.eventId]);
  });

  it('lists one type', async () => {
    const tenantId = newId('ten');
    const wanted = entry({ type: 'hitl.requests.opened.v1' });
    await write(tenantId, entry(), wanted, entry());

    expect(await ids(tenantId, { type: 'hitl.requests.opened.v1' })).toEqual([wanted.eventId]);
  });

  it('cannot be made to write a row of another tenant', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];

    const attempt = prepared.database.forTenant(acme, (tx) =>
      tx.query(`insert into activity select $1, 'evt_1', 't', 'r', 'p', 'p', 'o', null, null, null, 's', now()`, [globex]),
    );

    await expect(attempt).rejects.toThrow('row-level security');
  });

  it('forgets everything of a tenant, and nothing of another', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    await write(acme, entry());
    await write(globex, entry());

    await prepared.database.forTenant(acme, (tx) => repository.deleteAll(tx));

    expect(await read(acme)).toEqual([]);
    expect(await read(globex)).toHaveLength(1);
  });
});
