import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataOf, RunId, TenantId } from '@support101/contracts';
import { runCompleted, ticketCreated, traceRun } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { webhookReceived } from '@support101/contracts/webhook-gateway';
import { newId } from '@support101/service-kit';
import { engines, operatorOf } from '@support101/service-testing';
import { anExampleOf, eventually, serverHasAge } from '@support101/testing';
import { HashingEmbedder } from './hashing-embedder.js';
import { aTenant, LoneLearning } from './lone-learning.js';

describe.each(engines)('the graph, asked on %s Postgres', (engine) => {
  let learning: LoneLearning;

  beforeAll(async () => {
    learning = await LoneLearning.boot(new HashingEmbedder(), engine);
  }, 60_000);

  afterAll(async () => {
    await learning?.close();
  });

  /** Lets a run end; the stand-in can tell of it when an input is given. */
  async function ended(tenantId: TenantId, input?: Record<string, unknown>, over: Partial<DataOf<typeof runCompleted>> = {}) {
    const data = anExampleOf(runCompleted.data, { runId: newId('run'), agentId: newId('agt'), outcome: 'resolved', ...over });
    if (input !== undefined) traced(data.runId, input);
    await learning.publish(runCompleted, tenantId, data);
    return data;
  }

  function traced(runId: RunId, input: Record<string, unknown>) {
    const trace = anExampleOf(traceRun.output);
    const step = anExampleOf(traceRun.output.shape.steps.element, { action: 'answer', outcome: 'success' });
    learning.traces.set(runId, { ...trace, run: { ...trace.run, input }, steps: [step] });
  }

  const journey = (tenantId: TenantId, customerId: string) =>
    learning.ask(contract.customerJourney, { customerId }, operatorOf(tenantId));
  const notFound = expect.objectContaining({ code: 'customer_not_found' });

  describe('the journey of a customer', () => {
    it('has the tickets with their resolutions, and the resolutions without a ticket', async () => {
      const tenantId = aTenant();
      const resolved = await ended(tenantId, { customerId: 'c1', ticketId: 'T-1' });
      const asked = await ended(tenantId, { customerId: 'c1', category: 'billing' }, { confidence: 0.8 });
      const opened = anExampleOf(ticketCreated.data, { runId: asked.runId, customerId: 'c1', priority: 'high' });
      await learning.publish(ticketCreated, tenantId, opened);

      const found = await journey(tenantId, 'c1');

      expect(found.tickets.map(({ ticketId, priority }) => [ticketId, priority])).toEqual([
        [opened.ticketId, 'high'],
        ['T-1', null],
      ]);
      expect(found.tickets[1]?.resolutions).toMatchObject([{ runId: resolved.runId, steps: ['answer'], success: true }]);
      expect(found.resolutions).toMatchObject([{ runId: asked.runId, category: 'billing', confidence: 0.8, approved: null }]);
    });

    it('knows the requesters of webhooks', async () => {
      const tenantId = aTenant();
      const ticket = { id: '7', requesterId: '42', status: 'open' };

      await learning.publish(webhookReceived, tenantId, anExampleOf(webhookReceived.data, { provider: 'zendesk', ticket }));

      expect((await journey(tenantId, 'zendesk:42')).tickets).toMatchObject([{ ticketId: 'zendesk:7', status: 'open' }]);
    });

    it('is not there for a stranger, another tenant, or a deleted tenant', async () => {
      const tenantId = aTenant();
      await ended(tenantId, { customerId: 'c1' });

      await expect(journey(tenantId, 'c2')).rejects.toEqual(notFound);
      await expect(journey(aTenant(), 'c1')).rejects.toEqual(notFound);
      await learning.publish(tenantDeleted, tenantId, { tenantId, force: true });

      await eventually(() => expect(journey(tenantId, 'c1')).rejects.toEqual(notFound));
    });
  });

  describe('similar resolutions', () => {
    it('are the successful ones of the category, also of runs that are gone', async () => {
      const tenantId = aTenant();
      await ended(tenantId, { category: 'billing' });
      await ended(tenantId, undefined, { outcome: 'failed' });
      const gone = await ended(tenantId);

      const { data } = await learning.ask(contract.similarResolutions, {}, operatorOf(tenantId));

      expect(data.map(({ runId, steps }) => [runId, steps])).toEqual([[gone.runId, []]]);
    });

    it('do not count what a person turned down', async () => {
      const tenantId = aTenant();
      const { runId } = await ended(tenantId, { category: 'billing' });
      const similar = () => learning.ask(contract.similarResolutions, { category: 'billing' }, operatorOf(tenantId));
      expect((await similar()).data).toHaveLength(1);

      const decision = anExampleOf(contract.goldenPathRecorded.data, { runId, effect: 'turned_down' });
      await learning.publish(contract.goldenPathRecorded, tenantId, decision);

      expect((await similar()).data).toEqual([]);
    });
  });

  it('says how the graph is served', async () => {
    const health = await learning.running.parts['graph']?.();

    expect(health).toEqual(
      engine === 'embedded' || serverHasAge
        ? { part: 'graph', using: expect.stringMatching(/^Apache AGE 1\./), state: 'up' }
        : { part: 'graph', using: 'Postgres tables', state: 'degraded', hint: 'the database has no Apache AGE' },
    );
  });

  it('counts nodes and edges', async () => {
    const tenantId = aTenant();
    await ended(tenantId, { customerId: 'c1' });

    const stats = await learning.ask(contract.graphStats, {}, operatorOf(tenantId));

    expect(stats.nodes).toEqual({ Customer: 1, Ticket: 0, Agent: 1, Article: 0, Resolution: 1 });
    expect(stats.edges).toMatchObject({ ASKED: 1, EXECUTED_BY: 1, FILED: 0 });
  });

  it('has answered every contract of the graph, with every error it declares', () => {
    expect(learning.unseen((subject) => subject.startsWith('learning.graph.'))).toEqual([]);
  });
});

it('stands in Apache AGE soon after a tenant’s first event, and again after it was dropped', async () => {
  const learning = await LoneLearning.boot(new HashingEmbedder(), 'embedded');
  try {
    const tenantId = aTenant();
    const { database } = learning.running;
    const whole = async () =>
      (await database.forTenant(tenantId, (tx) => tx.query('select from graph_projections where whole'))).length > 0;
    const isWhole = () => eventually(async () => expect(await whole()).toBe(true), 20_000);
    const add = (runId: RunId) =>
      learning.publish(runCompleted, tenantId, anExampleOf(runCompleted.data, { runId, outcome: 'resolved' }));
    const similar = async () => {
      const { data } = await learning.ask(contract.similarResolutions, {}, operatorOf(tenantId));
      return data.map(({ runId }) => runId).toSorted();
    };
    const [first, second, third] = [newId('run'), newId('run'), newId('run')].toSorted() as [RunId, RunId, RunId];

    await add(first);
    await isWhole();
    await add(second);
    expect(await similar()).toEqual([first, second]);
    await database.pool.query(`set local search_path to ag_catalog; select drop_graph('learning_graph', true)`);
    expect(await similar()).toEqual([first, second]);
    await add(third);
    await isWhole();

    expect(await similar()).toEqual([first, second, third]);
    const counted = await database.asSystem('test', (tx) => tx.query('select from learning_graph."Resolution"'));
    expect(counted).toHaveLength(3);
  } finally {
    await learning.close();
  }
}, 90_000);
