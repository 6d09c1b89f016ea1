import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { newId } from '@support101/service-kit';
import { engines, prepare, type Prepared } from '../../test/engines.js';
import { GraphRepository } from './graph.repository.js';
import type { GraphChange, GraphNode } from './graph.rules.js';

const repository = new GraphRepository();
const [early, late] = ['2026-11-22T12:00:00.000Z', '2026-11-22T13:00:00.000Z'] as const;

function resolution(over: Partial<GraphNode> = {}, confidence: number | null = null): GraphNode {
  const properties = {
    agentId: newId('agt'),
    blueprint: 'b',
    outcome: 'resolved',
    confidence,
    steps: ['a'],
    usedPathId: null,
    endedAt: early,
  };
  return { kind: 'Resolution', id: newId('run'), category: 'billing', success: true, properties, ...over };
}

describe.each(engines)('GraphRepository on %s Postgres', (engine) => {
  let prepared: Prepared;

  beforeAll(async () => {
    prepared = await prepare(engine);
  });

  afterAll(async () => {
    await prepared?.close();
  });

  const add = (tenantId: TenantId, change: Partial<GraphChange>, at: string = early) =>
    prepared.database.forTenant(tenantId, (tx) => repository.add(tx, { nodes: [], edges: [], ...change }, at));
  const similar = (tenantId: TenantId) => prepared.database.forTenant(tenantId, (tx) => repository.similar(tx, 'billing', 10));
  const newest = (tenantId: TenantId) => prepared.database.forTenant(tenantId, (tx) => repository.newest(tx, 'billing', 10));
  const counts = async (tenantId: TenantId) =>
    Object.fromEntries(
      (await prepared.database.forTenant(tenantId, (tx) => repository.counts(tx))).map(({ kind, count }) => [kind, count]),
    );

  it('joins what several events tell of a node, in any order', async () => {
    const tenantId = newId('ten');
    const ended = resolution({ success: false });
    const decided: GraphNode = { kind: 'Resolution', id: ended.id, approved: true, properties: { pathId: 'gpt_1' } };
    const turnedDown: GraphNode = { kind: 'Resolution', id: ended.id, approved: false, properties: {} };

    await add(tenantId, { nodes: [decided] }, late);
    expect(await newest(tenantId)).toEqual([]);
    await add(tenantId, { nodes: [ended] });
    await add(tenantId, { nodes: [turnedDown] });

    const expected = { runId: ended.id, category: 'billing', success: true, approved: true };
    expect(await newest(tenantId)).toMatchObject([{ ...expected, properties: { ...ended.properties, pathId: 'gpt_1' } }]);
  });

  it('keeps an edge once, and drops it with its node', async () => {
    const tenantId = newId('ten');
    const used = resolution();
    const article: GraphNode = { kind: 'Article', id: newId('art'), properties: {} };
    const edge = { kind: 'USED_ARTICLE', fromKind: 'Resolution', fromId: used.id, toKind: 'Article', toId: article.id } as const;

    await add(tenantId, { nodes: [used, article], edges: [edge] });
    await add(tenantId, { nodes: [used, article], edges: [edge] });
    expect(await counts(tenantId)).toEqual({ Resolution: 1, Article: 1, USED_ARTICLE: 1 });
    await prepared.database.forTenant(tenantId, (tx) => repository.drop(tx, 'Article', article.id));

    expect(await counts(tenantId)).toEqual({ Resolution: 1 });
  });

  it('finds successful resolutions of a category, the surest first, and none of another tenant', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    const [sure, unsure, silent] = [resolution({}, 0.9), resolution({}, 0.2), resolution()];
    await add(acme, { nodes: [silent, unsure, sure, resolution({ success: false }, 1), resolution({ category: 'other' })] });
    await add(acme, { nodes: [resolution({ approved: false }, 1)] });

    expect((await similar(acme)).map(({ runId }) => runId)).toEqual([sure.id, unsure.id, silent.id]);
    expect(await similar(globex)).toEqual([]);
  });

  it('cannot be made to write a row of another tenant', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    const attempt = (statement: string) => prepared.database.forTenant(acme, (tx) => tx.query(statement, [globex]));

    await expect(attempt(`insert into graph_nodes values ($1, 'Agent', 'a', null, null, null, '{}', now())`)).rejects.toThrow(
      'row-level security',
    );
    await expect(attempt(`insert into graph_edges values ($1, 'FILED', 'Agent', 'a', 'Agent', 'a', now())`)).rejects.toThrow(
      'row-level security',
    );
  });

  it('forgets everything of a tenant, and nothing of another', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    await add(acme, { nodes: [resolution()] });
    await add(globex, { nodes: [resolution()] });

    await prepared.database.forTenant(acme, (tx) => repository.deleteAll(tx));

    expect([await counts(acme), await counts(globex)]).toEqual([{}, { Resolution: 1 }]);
  });
});
