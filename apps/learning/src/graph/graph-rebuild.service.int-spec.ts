import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { unprotectedTables } from '@support101/database';
import { newId } from '@support101/service-kit';
import { administer, eventually } from '@support101/testing';
import { GraphStore } from '../../test/graph-stores.js';
import { GraphCypherRepository } from './graph-cypher.repository.js';
import { isProjectionFailure } from './graph-projection.service.js';
import type { GraphNode } from './graph.rules.js';

const at = '2026-11-22T12:00:00.000Z';
const customers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n): GraphNode => ({ kind: 'Customer', id: `c${from + n}`, properties: {} }));
const ticket: GraphNode = { kind: 'Ticket', id: 't1', properties: {} };
const filed = (customer: GraphNode) =>
  ({ kind: 'FILED', fromKind: 'Customer', fromId: customer.id, toKind: 'Ticket', toId: 't1' }) as const;

describe('the graph in Apache AGE', () => {
  let store: GraphStore;

  beforeAll(async () => {
    store = await GraphStore.open('Apache AGE, written as it comes');
  }, 60_000);

  afterAll(async () => {
    await store?.close();
  });

  /** Where the tenant is read, and how many customers and edges are seen there. */
  const seen = async (tenantId: TenantId) =>
    store.projection.read(tenantId, async (graph, tx) => {
      const counts = Object.fromEntries((await graph.counts(tx)).map(({ kind, count }) => [kind, count]));
      return { age: graph instanceof GraphCypherRepository, customers: counts['Customer'] ?? 0, filed: counts['FILED'] ?? 0 };
    });
  const due = async () => {
    const found: string[] = [];
    for await (const { payload } of store.projection.due()) found.push(payload.tenantId);
    return found;
  };
  const add = (tenantId: TenantId, nodes: GraphNode[]) =>
    store.add(tenantId, { nodes: [ticket, ...nodes], edges: nodes.map(filed) }, at);
  /** Runs one text as the login that owns the tables, outside of every tenant. */
  const asOwner = (text: string) => administer(store.prepared.url, text);
  const drop = () => asOwner(`set local search_path to ag_catalog; select drop_graph('learning_graph', true)`);

  it('is read from the tables until it has been built, in several pages, and from Apache AGE afterwards', async () => {
    const tenantId = newId('ten');
    await add(tenantId, customers(450));
    expect(await seen(tenantId)).toEqual({ age: false, customers: 450, filed: 450 });
    expect(store.queued).toContain(tenantId);
    expect(await due()).toContain(tenantId);

    await store.rebuild(tenantId);

    expect(await seen(tenantId)).toEqual({ age: true, customers: 450, filed: 450 });
    expect(await due()).not.toContain(tenantId);
  });

  it('misses nothing that is written while it is built', async () => {
    const tenantId = newId('ten');
    await add(tenantId, customers(450));

    const rebuilding = store.rebuild(tenantId);
    for (let n = 0; n < 20; n += 1) await add(tenantId, customers(5, 440 + n * 5));
    await rebuilding;

    expect(await seen(tenantId)).toEqual({ age: true, customers: 540, filed: 540 });
  });

  it('is left to the later of two rebuilds', async () => {
    const tenantId = newId('ten');
    await add(tenantId, customers(450));

    await Promise.all([store.rebuild(tenantId), store.rebuild(tenantId), store.rebuild(tenantId)]);

    expect(await seen(tenantId)).toEqual({ age: true, customers: 450, filed: 450 });
  });

  it('comes back from the tables after somebody dropped it, also while the service runs', async () => {
    const [acme, globex] = [newId('ten'), newId('ten')];
    for (const tenantId of [acme, globex]) {
      await add(tenantId, customers(3));
      await store.rebuild(tenantId);
    }

    await drop();

    expect(await seen(acme)).toEqual({ age: false, customers: 3, filed: 3 });
    await add(acme, customers(1, 3));
    expect(await due()).toEqual(expect.arrayContaining([acme, globex]));
    for (const tenantId of [acme, globex]) await store.rebuild(tenantId);
    expect(await seen(acme)).toEqual({ age: true, customers: 4, filed: 4 });
    expect(await seen(globex)).toEqual({ age: true, customers: 3, filed: 3 });
  });

  it('refuses as itself, so that a change can be kept in the tables, and is rebuilt from there', async () => {
    const tenantId = await store.tenant();
    await add(tenantId, customers(2));
    await asOwner('alter table learning_graph."Customer" add constraint broken check (false) not valid');
    const change = { nodes: customers(1, 2), edges: [] };

    const refused = await store
      .write(tenantId, (tx) => store.projection.add(tx, change, at, 'both'))
      .catch((error: unknown) => error);
    await store.write(tenantId, (tx) => store.projection.add(tx, change, at, 'tables'));

    expect(isProjectionFailure(refused)).toBe(true);
    expect(await seen(tenantId)).toEqual({ age: false, customers: 3, filed: 2 });
    await asOwner('alter table learning_graph."Customer" drop constraint broken');
    await store.rebuild(tenantId);
    expect(await seen(tenantId)).toEqual({ age: true, customers: 3, filed: 2 });
  });

  it('is forgotten with its tenant', async () => {
    const tenantId = await store.tenant();
    await add(tenantId, customers(2));

    await store.write(tenantId, (tx) => store.projection.deleteAll(tx, 'both'));

    const left = await asOwner(`select from learning.graph_projections where tenant_id = '${tenantId}'`);
    expect([left, await seen(tenantId)]).toEqual([[], { age: false, customers: 0, filed: 0 }]);
    await eventually(async () => expect(await due()).not.toContain(tenantId));
  });

  it('is under row-level security in every table, and says what it is', async () => {
    const open = await asOwner(
      `select relname::text from pg_class where relnamespace = 'learning_graph'::regnamespace and relkind = 'r'
         and not (relrowsecurity and relforcerowsecurity)`,
    );

    expect(open).toEqual([]);
    expect(await unprotectedTables(store.prepared.database)).toEqual([]);
    expect(store.projection.health()).toEqual({ part: 'graph', using: expect.stringMatching(/^Apache AGE 1\./), state: 'up' });
  });
});
