import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { administer } from '@support101/testing';
import { acme, engines, native, openNotes, type Engine } from '../test/engines.js';
import type { Database } from './database.js';

const find = (database: Database, id: string) =>
  database.forTenant(acme, (tx) => tx.query(`select from notes where tenant_id = $1 and id = $2`, [acme, id], 'find'));

const write = (database: Database, count: number) =>
  database.forTenant(acme, (tx) =>
    tx.query(
      `insert into notes (tenant_id, id, title) select $1, 'note ' || n, 'title of note ' || n from generate_series(1, $2) as n`,
      [acme, count],
    ),
  );

describe('plans that a connection keeps', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await native.start();
  });
  afterAll(async () => {
    await engine?.close();
  });

  /** A database whose table was empty when the statement was planned, and has grown since. */
  async function grown(replanAfterMs: number): Promise<Database> {
    const database = await openNotes(engine, native, { poolSize: 1, replanAfterMs });
    const table = `${database.schema}.notes`;
    // As wide as the tables of services are, and with an index for a list, which holds all columns of the key.
    const columns = Array.from({ length: 20 }, (_, index) => `add column extra_${index} text`);
    await administer(engine.url, `alter table ${table} ${columns.join(', ')}`);
    await administer(engine.url, `create index list_of_notes on ${table} (tenant_id, title, id)`);
    // Postgres tries a statement of a name a few times before it keeps a plan.
    for (let time = 0; time < 8; time += 1) await find(database, 'none');
    await write(database, 3_000);
    return database;
  }

  async function planOf(database: Database): Promise<string> {
    const lines = await database.forTenant(acme, (tx) =>
      tx.query<{ 'QUERY PLAN': string }>(`explain (costs off) execute find ('${acme}', 'note 1700')`),
    );
    return lines.map((line) => line['QUERY PLAN']).join('\n');
  }

  it('are made for the tables as they are, however young those were', async () => {
    const database = await grown(0);

    expect(await find(database, 'note 1700')).toHaveLength(1);
    expect(await planOf(database)).toContain('notes_pkey');

    await database.close();
  });

  it('would else be those of the empty table, which go through all notes of the tenant to find one', async () => {
    const database = await grown(Number.POSITIVE_INFINITY);

    expect(await find(database, 'note 1700')).toHaveLength(1);
    expect(await planOf(database)).toContain('list_of_notes');

    await database.close();
  });
});

it.each(engines)('on $name a connection works on when its plans were dropped', async (kind) => {
  const engine = await kind.start();
  const database = await openNotes(engine, kind, { poolSize: 1, replanAfterMs: 0 });

  await write(database, 20);
  const found = [];
  for (let time = 1; time <= 10; time += 1) found.push(...(await find(database, `note ${time}`)));
  const burst = await database.burstForTenant(acme, (tx) => tx.query('select id from notes', [], 'all'));

  expect([found.length, burst.length]).toEqual([10, 20]);
  await database.close();
  await engine.close();
});
