import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines } from '@support101/service-testing';
import { insertRun, prepare, type Prepared } from '../../test/engines.js';
import { RunsRepository } from './runs.repository.js';
import { queued } from './runs.rules.js';

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
