import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { runCompleted, runStarted, ticketCreated } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import { newId, ServiceDatabase } from '@support101/service-kit';
import { engines, operatorOf } from '@support101/service-testing';
import { anExampleOf, eventually } from '@support101/testing';
import { buryTenant } from '../src/platform/deleted-tenants.js';
import { HashingEmbedder } from './hashing-embedder.js';
import { aTenant, LoneLearning } from './lone-learning.js';

const stores = [
  ...['activity', 'articles', 'passages', 'postings', 'golden_paths', 'feedback', 'playbooks'],
  ...['graph_nodes', 'graph_edges', 'graph_projections', 'dead_letters'],
];

describe.each(engines)('a deleted tenant on %s Postgres', (engine) => {
  let learning: LoneLearning;

  beforeAll(async () => {
    learning = await LoneLearning.boot(new HashingEmbedder(), engine);
  }, 60_000);

  afterAll(async () => {
    await learning?.close();
  });

  /** A run that a person helped, and a ticket: something for every store that events fill. */
  async function something(tenantId: TenantId) {
    const { runId, requestId } = learning.traced('Do you ship to Oslo?', 'Yes, in two days.');
    const run = { runId, agentId: newId('agt') };
    await learning.publish(runStarted, tenantId, anExampleOf(runStarted.data, run));
    const ended = { ...run, requestId, blueprint: 'support_agent', usedPathIds: [] };
    await learning.publish(runCompleted, tenantId, anExampleOf(runCompleted.data, ended));
    await learning.publish(ticketCreated, tenantId, anExampleOf(ticketCreated.data, { runId, customerId: 'c1' }));
  }

  const left = async (tenantId: TenantId) => {
    const counts = stores.map((store) => `select '${store}' as store, count(*)::int as rows from ${store} where tenant_id = $1`);
    const rows = await learning.rows<{ store: string; rows: number }>(counts.join(' union all '), [tenantId]);
    return rows.filter((row) => row.rows > 0).map(({ store }) => store);
  };

  it('has nothing left, and late events bring nothing back', async () => {
    const tenantId = aTenant();
    await something(tenantId);
    await eventually(async () => {
      const expected = ['activity', 'articles', 'golden_paths', 'graph_nodes', 'graph_edges'];
      expect(await left(tenantId)).toEqual(expect.arrayContaining(expected));
    });

    await learning.publish(tenantDeleted, tenantId, { tenantId, force: true });
    await eventually(async () => expect(await left(tenantId)).toEqual([]));
    await something(tenantId);

    expect(await left(tenantId)).toEqual([]);
    expect((await learning.ask(contract.graphStats, {}, operatorOf(tenantId))).nodes).toMatchObject({ Resolution: 0, Ticket: 0 });
  }, 30_000);

  it('is buried when the rows that are being written are there to be deleted', async () => {
    const [tenantId, other] = [aTenant(), aTenant()];
    const database = learning.provider(ServiceDatabase);
    const [inserted, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const order: string[] = [];

    const writer = database.forTenant(tenantId, async (tx) => {
      await insert(tx, 'fbk_1');
      inserted.resolve();
      await mayCommit.promise;
      order.push('written');
    });
    await inserted.promise;
    const burial = buryTenant(database, tenantId).then(() => order.push('buried'));
    if (engine === 'native') await eventually(async () => expect(await waiting()).toHaveLength(1));
    mayCommit.resolve();
    await Promise.all([writer, burial]);
    for (const tenant of [tenantId, other]) await database.forTenant(tenant, (tx) => insert(tx, 'fbk_2'));

    expect(order).toEqual(['written', 'buried']);
    const kept = 'select tenant_id, feedback_id from feedback where tenant_id in ($1, $2) order by feedback_id';
    expect(await learning.rows(kept, [tenantId, other])).toEqual([
      { tenant_id: tenantId, feedback_id: 'fbk_1' },
      { tenant_id: other, feedback_id: 'fbk_2' },
    ]);
  });

  const insert = (tx: Tx, feedbackId: string) =>
    tx.query(
      `insert into feedback (tenant_id, feedback_id, score, principal_id, created_at) values ($1, $2, 5, 'key_1', now())`,
      [tx.tenantId, feedbackId],
    );

  const waiting = () =>
    learning.rows(
      `select pid from pg_locks join pg_database d on d.oid = database and d.datname = current_database()
       where locktype = 'advisory' and not granted`,
    );
});
