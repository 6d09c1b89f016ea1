import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { administer, serverHasAge } from '@support101/testing';
import { acme, embedded, type Engine, globex, native, openNotes } from '../test/engines.js';
import type { Database } from './database.js';
import { prepareGraph, wakeGraphs } from './graph.js';

const withAge = serverHasAge ? native : embedded;
const graph = { vertices: { Person: ['town'] }, edges: ['KNOWS'] } as const;

describe('a graph on a database with Apache AGE', () => {
  let engine: Engine;
  let database: Database;

  beforeAll(async () => {
    engine = await withAge.start();
    database = await openNotes(engine, withAge, { schema: 'notes' });
    await prepareGraph({ url: engine.url, schema: 'notes', ...graph });
  });

  afterAll(async () => {
    await database?.close();
    await engine?.close();
  });

  const cypher = (tenantId: string, text: string, values: object = {}) =>
    database.forTenant(tenantId as TenantId, async (tx) => {
      await tx.query(`set local search_path to ag_catalog, notes, public`);
      await tx.query(wakeGraphs);
      const query = `select v::text from cypher('notes_graph', $$ ${text} $$, $1) as (v agtype)`;
      return (await tx.query<{ v: string }>(query, [JSON.stringify(values)])).map(({ v }) => v);
    });
  const create = (tenantId: string, id: string, owner = tenantId) =>
    cypher(tenantId, `create (p:Person {tenantId: $owner, id: $id}) return p.id`, { owner, id });
  const labels = () =>
    administer(engine.url, `select name::text from ag_catalog.ag_label where name::text not like '\\_%' order by 1`);

  it('takes values as parameters, whatever they contain', async () => {
    const id = `'}) detach delete p //"\\ $$ ❄`;

    await create(acme, id);

    expect(await cypher(acme, `match (p:Person) where p.id = $id return p.id`, { id })).toEqual([id]);
  });

  it('hides the vertices and edges of a tenant from every other, also from a query that names no tenant', async () => {
    await create(acme, 'ada');
    await cypher(acme, `match (p:Person {id: 'ada'}) create (p)-[:KNOWS {tenantId: $tenantId}]->(p) return 1`, {
      tenantId: acme,
    });
    const everything = [
      'match (p) return p.id',
      'match (p:Person) return p.id',
      'match ()-[k]->() return type(k)',
      'match (p)-[k*1..2]->(q) return p.id',
    ];

    // Whose tenant asks first sees its own: nothing of that may be kept for the next.
    for (const query of everything) expect(await cypher(acme, query)).not.toEqual([]);
    for (const query of everything) expect(await cypher(globex, query)).toEqual([]);
  });

  it('refuses a vertex of another tenant that is written into its table, as services do', async () => {
    await create(acme, 'eve');
    const table = 'notes_graph."Person"';
    const given = [JSON.stringify({ tenantId: globex, id: 'mallory' })];
    const write = (text: string, values: string[]) => database.forTenant(acme, (tx) => tx.query(text, values));

    await expect(write(`insert into ${table} (properties) values ($1::text::ag_catalog.agtype)`, given)).rejects.toThrow(
      'row-level security',
    );
    await expect(write(`update ${table} set properties = $1::text::ag_catalog.agtype`, given)).rejects.toThrow(
      'row-level security',
    );
  });

  // Of AGE before 1.7, Cypher is bound by row-level security in reading only.
  (serverHasAge ? describe.skip : describe)('that is 1.7 or later', () => {
    it('refuses a vertex of another tenant in Cypher as well, made or moved', async () => {
      await create(acme, 'ann');

      await expect(create(acme, 'mallory', globex)).rejects.toThrow('row-level security');
      await expect(cypher(acme, `match (p:Person {id: 'ann'}) set p.tenantId = $globex return 1`, { globex })).rejects.toThrow(
        'row-level security',
      );
    });
  });

  it('deletes no vertex of another tenant', async () => {
    await create(acme, 'bob');

    await cypher(globex, `match (p) detach delete p return 1`);

    expect(await cypher(acme, `match (p:Person {id: 'bob'}) return p.id`)).toEqual(['bob']);
  });

  it('keeps one vertex of a tenant and id', async () => {
    await create(globex, 'twin');

    await create(acme, 'twin');

    await expect(create(acme, 'twin')).rejects.toThrow('duplicate key');
  });

  it('looks a vertex up through an index although it is under row-level security', async () => {
    const plan = await database.forTenant(acme, async (tx) => {
      await tx.query(`set local search_path to ag_catalog, notes, public; set local enable_seqscan to off`);
      const query = `match (p:Person) where p.tenantId = $tenantId and p.id = $id return p`;
      return tx.query(`explain select * from cypher('notes_graph', $$ ${query} $$, $1) as (v agtype)`, [
        JSON.stringify({ tenantId: acme, id: 'ada' }),
      ]);
    });

    expect(JSON.stringify(plan)).toMatch(/Index Cond.+\\"id\\"/);
  });

  it('is made once, and gets labels that are new', async () => {
    const again = await prepareGraph({ url: engine.url, schema: 'notes', ...graph });
    expect(await labels()).toEqual([{ name: 'KNOWS' }, { name: 'Person' }]);

    const grown = await prepareGraph({ url: engine.url, schema: 'notes', vertices: { Person: [], Town: [] }, edges: ['KNOWS'] });

    const made = { version: expect.stringMatching(/^1\.\d+\.\d+$/) };
    expect([again, grown]).toEqual([made, made]);
    expect(await labels()).toEqual([{ name: 'KNOWS' }, { name: 'Person' }, { name: 'Town' }]);
    expect(await cypher(globex, `match (t:Town) return t.id`)).toEqual([]);
  });

  it('says why it cannot be made, and leaves nothing behind', async () => {
    await administer(engine.url, `create schema blocked_graph`);
    await administer(engine.url, `create schema blocked`);

    const state = await prepareGraph({ url: engine.url, schema: 'blocked', ...graph });

    expect(state).toEqual({ version: undefined, reason: expect.stringContaining('blocked_graph') });
    expect(await administer(engine.url, `select from ag_catalog.ag_graph where name = 'blocked_graph'`)).toEqual([]);
  });
});

(serverHasAge ? describe.skip : describe)('a graph on a database without Apache AGE', () => {
  it('is not there, and the reason is said', async () => {
    const engine = await native.start();
    try {
      const database = await openNotes(engine, native, { schema: 'notes' });
      await database.close();

      const state = await prepareGraph({ url: engine.url, schema: 'notes', ...graph });

      expect(state).toEqual({ version: undefined, reason: 'the database has no Apache AGE' });
    } finally {
      await engine.close();
    }
  });
});
