import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { aRun, insertAgent, insertRun, prepare, type Prepared } from '../../test/engines.js';
import { AgentsRepository } from '../agents/agents.repository.js';
import { isStoppedBy } from '../platform/stops.js';
import { RunsRepository } from './runs.repository.js';
import { begun, queued } from './runs.rules.js';

describe.each(engines)('RunsRepository (%s)', (engine) => {
  const runs = new RunsRepository();
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

  it('reads a new run as the service has answered it already', async () => {
    const { runId, agentId } = await insertRun(prepared, tenantId, { input: { query: 'How?', 'ключ 🙂': [1, null] } });

    const row = await prepared.database.forTenant(tenantId, (tx) => runs.find(tx, tenantId, runId));

    expect(row).toEqual(
      queued({
        tenantId,
        runId,
        agentId,
        blueprint: 'scripted',
        blueprintVersion: '1.0.0',
        input: {
          query: 'How?',
          'ключ 🙂': [1, null],
        },
        createdAt: new Date('2026-11-22T12:00:00.000Z'),
      }),
    );
  });

  it('reads a run that its acceptor works on as the service has answered it already, and only that worker holds it', async () => {
    const lease = { owner: 'me', leaseMs: 60_000 };
    const { runId, agentId } = await insertRun(prepared, tenantId, { timeoutMs: 5_000 }, { lease });

    const [row, held] = await prepared.database.forTenant(tenantId, async (tx) => [
      await runs.find(tx, tenantId, runId),
      await tx.query(
        `select owner, fence, expires_at > now() + interval '59 s' as held, deadline_at <= now() + interval '5 s' as limited
           from run_leases where run_id = $1`,
        [runId],
      ),
    ]);

    const createdAt = new Date('2026-11-22T12:00:00.000Z');
    const same = { tenantId, runId, agentId, blueprint: 'scripted', blueprintVersion: '1.0.0', input: { query: 'How? 🙂' } };
    expect(row).toEqual(begun({ ...same, createdAt }));
    expect(held).toEqual([{ owner: 'me', fence: 1, held: true, limited: true }]);
  });

  it('writes no run of an agent that is gone, disabled or another by now', async () => {
    const agent = await insertAgent(prepared, tenantId, { status: 'disabled' });
    const attempts = [
      insertRun(prepared, tenantId, { agentId: agent.id }),
      insertRun(prepared, tenantId, {}, { agentVersion: 2 }),
    ].map((attempt) => attempt.catch((error: unknown) => isStoppedBy(error, 'agent_changed')));

    expect(await Promise.all(attempts)).toEqual([true, true]);
    expect(await prepared.database.forTenant(tenantId, (tx) => runs.list(tx, tenantId, {}, 10))).toEqual([]);
  });

  it('keeps an agent from being deleted while a run of it starts', async () => {
    const { id: agentId } = await insertAgent(prepared, tenantId);
    const agents = new AgentsRepository();
    const order: string[] = [];

    const starting = prepared.database.forTenant(tenantId, async (tx) => {
      await runs.insert(tx, aRun(tenantId, agentId), { agentVersion: 1, atMost: 1, lease: undefined });
      await tx.query('select pg_sleep(0.1)');
      order.push('started');
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const deleting = prepared.models.forTenant(tenantId, async (tx) => {
      await agents.findForUpdate(tx, tenantId, agentId);
      order.push(`may be deleted: ${!(await agents.hasUnfinishedRun(tx, tenantId, agentId))}`);
    });
    await Promise.all([starting, deleting]);

    expect(order).toEqual(['started', 'may be deleted: false']);
  });

  it('never lets a tenant have more runs at work than it may, however many come at once', async () => {
    await insertRun(prepared, newId('ten'));
    const accept = () =>
      insertRun(prepared, tenantId, {}, { atMost: 5 }).then(
        () => 'accepted',
        (error: unknown) => (isStoppedBy(error, 'no_place') ? 'refused' : String(error)),
      );

    const outcomes = await Promise.all(Array.from({ length: 25 }, accept));
    expect(outcomes.toSorted()).toEqual([...Array(5).fill('accepted'), ...Array(20).fill('refused')]);

    const inTenant = (text: string) => prepared.database.forTenant(tenantId, (tx) => tx.query(text, [tenantId]));
    const some = 'select id from runs where tenant_id = $1 order by id limit';
    await inTenant(`update runs set status = 'awaiting_human' where tenant_id = $1 and id in (${some} 1)`);
    await inTenant(`update runs set status = 'completed' where tenant_id = $1 and id in (${some} 2)`);
    expect([await accept(), await accept(), await accept()]).toEqual(['accepted', 'accepted', 'refused']);
  });

  it('finds nothing of another tenant', async () => {
    const run = await insertRun(prepared, newId('ten'));

    expect(await prepared.database.forTenant(tenantId, (tx) => runs.find(tx, tenantId, run.runId))).toBeUndefined();
    expect(await prepared.database.forTenant(tenantId, (tx) => runs.find(tx, run.tenantId, run.runId))).toBeUndefined();
    expect(await prepared.database.forTenant(tenantId, (tx) => runs.list(tx, tenantId, {}, 10))).toEqual([]);
  });

  it('lists by filters, newest first, from a place on', async () => {
    const agentId = newId('agt');
    const made: string[] = [];
    for (const over of [{ agentId }, {}, { agentId }]) {
      made.unshift((await insertRun(prepared, tenantId, over)).runId);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }
    const list = async (filter: Parameters<typeof runs.list>[2]) => {
      const rows = await prepared.database.forTenant(tenantId, (tx) => runs.list(tx, tenantId, filter, 2));
      return rows.map(({ runId }) => runId);
    };

    const [newest, middle] = await list({});
    expect([newest, middle]).toEqual(made.slice(0, 2));
    expect(await list({ before: middle })).toEqual(made.slice(2));
    expect(await list({ agentId, status: 'queued' })).toEqual([made[0], made[2]]);
    expect(await list({ status: 'running' })).toEqual([]);
  });

  it('uses an index for a page, however many runs there are', async () => {
    const plan = await prepared.database.forTenant(tenantId, async (tx) => {
      await tx.query('set local enable_seqscan = off');
      return tx.query<{ 'QUERY PLAN': string }>(
        `explain select id from runs where tenant_id = '${tenantId}' and agent_id = 'agt_x' and id < 'run_x' order by id desc limit 26`,
      );
    });

    const text = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect(text).toContain('runs_tenant_id_agent_id_id_idx');
    expect(text).not.toContain('Sort');
  });
});
