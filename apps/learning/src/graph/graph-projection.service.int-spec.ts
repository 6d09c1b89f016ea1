import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { GraphStore, graphStores } from '../../test/graph-stores.js';
import type { GraphReader } from './graph.repository.js';
import type { GraphChange, GraphNode } from './graph.rules.js';

const [early, late] = ['2026-11-22T12:00:00.000Z', '2026-11-22T13:00:00.000Z'] as const;
const [first, second, third, fourth] = ['', '', '', ''].map(() => newId('run')).toSorted();

function resolution(over: Partial<GraphNode> = {}, confidence: number | null = null): GraphNode {
  const properties = { agentId: newId('agt'), blueprint: 'b', outcome: 'resolved', confidence, steps: ['a', '"b"'] };
  const rest = { usedPathId: null, endedAt: early };
  return {
    ...{ kind: 'Resolution', id: newId('run'), category: 'billing', success: true },
    properties: { ...properties, ...rest },
    ...over,
  };
}

const node = (kind: GraphNode['kind'], id: string, properties = {}): GraphNode => ({ kind, id, properties });
const edge = (kind: GraphChange['edges'][number]['kind'], from: GraphNode, to: GraphNode): GraphChange['edges'][number] => ({
  ...{ kind, fromKind: from.kind, fromId: from.id, toKind: to.kind, toId: to.id },
});

/** Everything that can be asked about these customers and tickets. */
async function everything(graph: GraphReader, tx: Parameters<GraphReader['has']>[0], customers: string[]) {
  const journeys = [];
  for (const id of [...customers, 'nobody']) {
    const filed = await graph.tickets(tx, id, 5);
    const resolutions = await graph.resolutionsOf(
      tx,
      id,
      filed.map(({ ticketId }) => ticketId),
      12,
    );
    journeys.push([await graph.has(tx, 'Customer', id), filed, resolutions, await graph.asked(tx, id, 9)]);
  }
  return {
    journeys,
    similar: [await graph.similar(tx, 'billing', 10), await graph.similar(tx, 'none', 10)],
    newest: await graph.newest(tx, 'billing', 15),
    counts: (await graph.counts(tx)).toSorted((a, b) => a.kind.localeCompare(b.kind)),
  };
}

let stores: GraphStore[] = [];

beforeAll(async () => {
  stores = await GraphStore.openAll();
}, 60_000);

afterAll(async () => {
  for (const store of stores.slice(0, 2)) await store.close();
});

describe.each(graphStores)('the graph in %s', (kind) => {
  let store: GraphStore;

  beforeAll(() => {
    store = stores[graphStores.indexOf(kind)] as GraphStore;
  });

  const add = (tenantId: TenantId, change: Partial<GraphChange>, at: string = early) => store.add(tenantId, change, at);
  const similar = (tenantId: TenantId) => store.read(tenantId, (graph, tx) => graph.similar(tx, 'billing', 10));
  const newest = (tenantId: TenantId) => store.read(tenantId, (graph, tx) => graph.newest(tx, 'billing', 10));
  const counts = async (tenantId: TenantId) =>
    Object.fromEntries(
      (await store.read(tenantId, (graph, tx) => graph.counts(tx))).map(({ kind: counted, count }) => [counted, count]),
    );

  it('joins what several events tell of a node, in any order', async () => {
    const tenantId = await store.tenant();
    const ended = resolution({ success: false });
    const decided: GraphNode = { kind: 'Resolution', id: ended.id, approved: true, properties: { pathId: 'gpt_1' } };
    const turnedDown: GraphNode = { kind: 'Resolution', id: ended.id, approved: false, properties: {} };

    await add(tenantId, { nodes: [decided] }, late);
    expect(await newest(tenantId)).toEqual([]);
    await add(tenantId, { nodes: [ended] });
    await add(tenantId, { nodes: [turnedDown] });

    const expected = { runId: ended.id, category: 'billing', success: true, approved: true };
    expect(await newest(tenantId)).toEqual([{ ...expected, properties: { ...ended.properties, pathId: 'gpt_1' } }]);
  });

  it('keeps an edge once, from when it was first told, and drops it with its node', async () => {
    const tenantId = await store.tenant();
    const [customer, ticket, used] = [node('Customer', 'c1'), node('Ticket', 't1', { status: 'open' }), resolution()];
    const article = node('Article', newId('art'));
    const change = { nodes: [customer, ticket, used, article] };
    const edges = [edge('FILED', customer, ticket), edge('USED_ARTICLE', used, article)];

    await add(tenantId, { ...change, edges });
    await add(tenantId, { ...change, edges }, late);
    expect(await counts(tenantId)).toEqual({ Customer: 1, Ticket: 1, Resolution: 1, Article: 1, FILED: 1, USED_ARTICLE: 1 });
    await store.write(tenantId, (tx) => store.projection.drop(tx, 'Article', article.id, 'both'));

    expect(await counts(tenantId)).toEqual({ Customer: 1, Ticket: 1, Resolution: 1, FILED: 1 });
    expect(await store.read(tenantId, (graph, tx) => graph.tickets(tx, 'c1', 10))).toEqual([
      { ticketId: 't1', properties: { status: 'open' }, filedAt: new Date(early) },
    ]);
  });

  it('finds the resolutions of customers and of tickets, newest first, and knows whom it has', async () => {
    const tenantId = await store.tenant();
    const [customer, other, ticket] = [node('Customer', 'c1'), node('Customer', 'c2'), node('Ticket', 't1')];
    const [one, two, three] = [
      resolution({ id: first ?? '' }),
      resolution({ id: second ?? '' }),
      resolution({ id: third ?? '' }),
    ];
    const open: GraphNode = node('Resolution', fourth ?? '');
    await add(tenantId, { nodes: [customer, one], edges: [edge('ASKED', customer, one)] }, late);
    await add(tenantId, { nodes: [customer, two, open], edges: [edge('ASKED', customer, two), edge('ASKED', customer, open)] });
    await add(tenantId, { nodes: [other, three], edges: [edge('ASKED', other, three)] });
    const edges = [edge('FILED', customer, ticket), edge('RESOLVED_BY', ticket, one)];
    await add(tenantId, { nodes: [customer, ticket, one], edges });

    const found = await store.read(tenantId, async (graph, tx) => ({
      asked: [await graph.asked(tx, 'c1', 10), await graph.asked(tx, 'c2', 10), await graph.asked(tx, 'c3', 10)],
      newest: await graph.asked(tx, 'c1', 1),
      ofTickets: await graph.resolutionsOf(tx, 'c1', ['t1', 'c1'], 10),
      ofNone: await graph.resolutionsOf(tx, 'c1', [], 10),
      has: [await graph.has(tx, 'Customer', 'c1'), await graph.has(tx, 'Ticket', 'c1')],
    }));

    expect(found.asked.map((rows) => rows.map(({ of, runId }) => [of, runId]))).toEqual([
      [
        ['c1', first],
        ['c1', second],
      ],
      [['c2', third]],
      [],
    ]);
    expect([found.newest.map(({ runId }) => runId), found.ofNone]).toEqual([[first], []]);
    expect(found.ofTickets).toMatchObject([{ of: 't1', runId: first, category: 'billing', success: true, approved: null }]);
    expect(found.has).toEqual([true, false]);
  });

  it('finds successful resolutions of a category, the surest first, and none of another tenant', async () => {
    const [acme, globex] = [await store.tenant(), await store.tenant()];
    const [sure, unsure, silent] = [resolution({}, 1), resolution({}, 0.2), resolution()];
    await add(acme, { nodes: [silent, unsure, sure, resolution({ success: false }, 1), resolution({ category: 'other' })] });
    await add(acme, { nodes: [resolution({ approved: false }, 1)] });

    expect((await similar(acme)).map(({ runId }) => runId)).toEqual([sure.id, unsure.id, silent.id]);
    expect(await similar(globex)).toEqual([]);
  });

  it('takes ids and words that look like a query for what they are', async () => {
    const [acme, globex] = [await store.tenant(), await store.tenant()];
    await add(globex, { nodes: [node('Customer', 'c1')] });
    const ids = [`'}) detach delete n //`, `$tenantId`, `$$`, `"\\`, `c1' or true`, '❄ ü'];

    await add(acme, { nodes: ids.map((id) => node('Customer', id)) });

    for (const id of ids) expect(await store.read(acme, (graph, tx) => graph.has(tx, 'Customer', id))).toBe(true);
    expect(await store.read(acme, (graph, tx) => graph.has(tx, 'Customer', 'c1'))).toBe(false);
    expect(await store.read(acme, (graph, tx) => graph.similar(tx, `' or true //`, 10))).toEqual([]);
    expect(await counts(globex)).toEqual({ Customer: 1 });
  });

  it('forgets everything of a tenant, and nothing of another', async () => {
    const [acme, globex] = [await store.tenant(), await store.tenant()];
    const agent = node('Agent', newId('agt'));
    const ran = resolution();
    await add(acme, { nodes: [ran, agent], edges: [edge('EXECUTED_BY', ran, agent)] });
    await add(globex, { nodes: [resolution()] });

    await store.write(acme, (tx) => store.projection.deleteAll(tx, 'both'));

    await store.rebuild(acme);
    expect([await counts(acme), await counts(globex)]).toEqual([{}, { Resolution: 1 }]);
  });
});

describe('the graph in all stores', () => {
  it('answers alike after the same two hundred changes', async () => {
    const { changes, customers } = story(200);
    const answers = [];

    for (const store of stores) {
      const tenantId = await store.tenant();
      for (const [at, change] of changes) await store.add(tenantId, change, at);
      answers.push(await store.read(tenantId, (graph, tx) => everything(graph, tx, customers)));
    }

    expect(answers[0]?.counts.length).toBeGreaterThan(8);
    expect(answers[0]?.similar[0]).toHaveLength(10);
    const [, filed, ofTickets, asked] = (answers[0]?.journeys[0] ?? []) as unknown[][];
    expect(Math.min(...[filed, ofTickets, asked].map((rows) => rows?.length ?? 0))).toBeGreaterThan(2);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  }, 60_000);
});

/** Changes as events would bring them: the same every time, as numbers decide that have nothing to do with each other. */
function story(length: number): { changes: [string, GraphChange][]; customers: string[] } {
  const pick = <T>(from: readonly T[], by: number) => from[by % from.length] as T;
  const [customers, tickets] = [7, 11].map((count) => Array.from({ length: count }, (_, n) => `x:${n}`)) as [string[], string[]];
  const runs = Array.from({ length: 40 }, (_, n) => `run_${String((n * 7) % 40).padStart(2, '0')}`);
  const changes = Array.from({ length }, (_, n): [string, GraphChange] => {
    const [customer, ticket] = [
      node('Customer', pick(customers, n * 5)),
      node('Ticket', pick(tickets, n * 3), { status: `s${n % 4}` }),
    ];
    const confidence = n % 5 === 0 ? null : (n % 6) / 5;
    const ran = resolution(
      {
        id: pick(runs, n),
        category: pick(['billing', 'access'], n * n),
        success: n % 3 > 0,
        ...(n % 7 === 0 ? { approved: n % 2 === 0 } : {}),
      },
      confidence,
    );
    const known = { ...ran, properties: { ...ran.properties, agentId: `agt_${n % 3}` } };
    const [agent, article] = [node('Agent', `agt_${n % 3}`, { blueprint: 'b' }), node('Article', `art_${n % 4}`)];
    const edges = [
      ...[edge('ASKED', customer, known), edge('EXECUTED_BY', known, agent)],
      ...(n % 2 === 0
        ? [edge('RESOLVED_BY', ticket, known), edge('FILED', customer, ticket)]
        : [edge('USED_ARTICLE', known, article)]),
    ];
    const at = new Date(Date.UTC(2026, 10, 22, 12, (n * 37) % 60, 0, n % 3)).toISOString();
    return [at, { nodes: [customer, ticket, known, agent, article], edges }];
  });
  return { changes, customers };
}
