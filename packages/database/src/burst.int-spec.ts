import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { administer } from '@support101/testing';
import type { TenantId } from '@support101/contracts';
import { acme, engines, globex, openNotes, type Engine } from '../test/engines.js';
import type { Database } from './database.js';
import type { Tx } from './transaction.js';

const addNote = (tx: Tx, tenantId: TenantId, id: string) =>
  tx.query('insert into notes (tenant_id, id, title) values ($1, $2, $2)', [tenantId, id], 'add-note');
const titles = async (tx: Tx) =>
  (await tx.query<{ title: string }>('select title from notes order by title', [], 'titles')).map((row) => row.title);

describe.each(engines)('a transaction in a single round trip on $name', (kind) => {
  let engine: Engine;
  let database: Database;

  beforeAll(async () => {
    engine = await kind.start();
    // One connection, so that every transaction finds what those before it have left.
    database = await openNotes(engine, kind, { poolSize: 1 });
  });
  afterAll(async () => {
    await database?.close();
    await engine?.close();
  });
  beforeEach(async () => {
    await database.asSystem('test', (tx) => tx.query('delete from notes'));
    await database.forTenant(acme, (tx) => addNote(tx, acme, 'a1'));
    await database.forTenant(globex, (tx) => addNote(tx, globex, 'g1'));
  });

  it('commits everything that is asked for at once, and then runs the hooks', async () => {
    const heard: string[] = [];

    const answers = await database.burstForTenant(acme, async (tx) => {
      await Promise.all([addNote(tx, acme, 'a2'), addNote(tx, acme, 'a3')]);
      tx.afterCommit(() => heard.push('committed'));
      return 'added';
    });

    expect(answers).toBe('added');
    expect(heard).toEqual(['committed']);
    expect(await database.forTenant(acme, titles)).toEqual(['a1', 'a2', 'a3']);
  });

  it('lets a later statement see what an earlier one has written', async () => {
    const [, seen] = await database.burstForTenant(acme, (tx) => Promise.all([addNote(tx, acme, 'a2'), titles(tx)]));

    expect(seen).toEqual(['a1', 'a2']);
  });

  it('shows a tenant its own rows only, and the system all; the next transaction is neither', async () => {
    const ofAcme = await database.burstForTenant(acme, titles);
    const ofAll = await database.burstAsSystem('test', titles);
    const ofGlobex = await database.burstForTenant(globex, titles);
    const { rows } = await database.pool.query(`select current_setting('app.tenant_id', true) as tenant`);

    expect([ofAcme, ofAll, ofGlobex]).toEqual([['a1'], ['a1', 'g1'], ['g1']]);
    expect(rows).toEqual([{ tenant: '' }]);
  });

  it('answers prepared statements as it did the first time, named or not, with rows or without', async () => {
    const text = 'select $1::int as n, null::text as nothing, array[$2::text] as list, $3::jsonb as json, $4::bytea as bytes';
    const values = [7, 'a', { b: [1] }, Buffer.from([0, 255])];
    const row = { n: 7, nothing: null, list: ['a'], json: { b: [1] }, bytes: Buffer.from([0, 255]) };
    const ask = (tx: Tx) =>
      Promise.all([
        tx.query(text, values, 'all-kinds'),
        tx.query(text, values),
        tx.query('select 1 as one where false', [], 'no-rows'),
        tx.query('update notes set stars = 1', [], 'no-columns'),
        tx.query('select', [], 'empty-row'),
      ]);

    for (let turn = 0; turn < 3; turn += 1) {
      expect(await database.burstForTenant(acme, ask)).toEqual([[row], [row], [], [], [{}]]);
    }
  });

  it('writes nothing when one of its statements fails, whichever it is, and says which', async () => {
    const planted = database.burstForTenant(acme, (tx) => Promise.all([addNote(tx, acme, 'a2'), addNote(tx, globex, 'g2')]));
    await expect(planted).rejects.toMatchObject({ code: '42501' });

    const swallowed = database.burstForTenant(acme, async (tx) => {
      const [first] = await Promise.allSettled([addNote(tx, globex, 'g2'), addNote(tx, acme, 'a2')]);
      return first?.status;
    });
    await expect(swallowed).rejects.toMatchObject({ code: '42501' });

    expect(await database.forTenant(acme, titles)).toEqual(['a1']);
  });

  it('knows which statements are prepared, also after one could not be and others behind it were not tried', async () => {
    const first = database.burstForTenant(acme, (tx) =>
      Promise.all([
        tx.query('select 1 as n', [], 'before'),
        tx.query('select no_such_column', [], 'wrong'),
        tx.query('select 2 as n', [], 'behind'),
      ]),
    );
    await expect(first).rejects.toMatchObject({ code: '42703' });

    const second = await database.burstForTenant(acme, (tx) =>
      Promise.all([
        tx.query('select 1 as n', [], 'before'),
        tx.query('select 2 as n', [], 'behind'),
        tx.query('select 3 as n', [], 'wrong'),
      ]),
    );
    expect(second).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  it('keeps a prepared statement for each role, since a plan holds for the policies of one', async () => {
    const uses = async () => {
      const rows = await database.forTenant(acme, (tx) =>
        tx.query<{ name: string; uses: number }>(
          `select name, (generic_plans + custom_plans)::int as uses from pg_prepared_statements where name like '%counted%'`,
        ),
      );
      return Object.fromEntries(rows.map((row) => [row.name.replace(/^c\d+_/, ''), row.uses]));
    };
    const counted = (tx: Tx) => tx.query('select count(*) from notes', [], 'counted');

    await database.burstForTenant(acme, counted);
    await database.burstAsSystem('test', counted);
    await database.asSystem('test', counted);
    await database.forTenant(acme, counted);

    expect(await uses()).toEqual({ counted: 2, 'counted@system': 2 });
  });

  it('refuses another text under the name of a prepared statement before anything is sent', async () => {
    await database.burstForTenant(acme, (tx) => tx.query('select 1', [], 'taken'));

    const other = database.burstForTenant(acme, (tx) =>
      Promise.all([addNote(tx, acme, 'a2'), tx.query('select 2', [], 'taken')]),
    );

    await expect(other).rejects.toThrow('the prepared statement taken');
    expect(await database.burstForTenant(acme, titles)).toEqual(['a1']);
  });

  it('writes nothing when it fails only as it becomes true', async () => {
    await administer(
      engine.url,
      `alter table ${database.schema}.notes add constraint late foreign key (tenant_id, body)
         references ${database.schema}.notes (tenant_id, id) deferrable initially deferred`,
    );
    const heard: string[] = [];

    const late = database.burstForTenant(acme, async (tx) => {
      tx.afterCommit(() => heard.push('committed'));
      await tx.query(`insert into notes (tenant_id, id, title, body) values ($1, 'a2', 'a2', 'nobody')`, [acme]);
      return 'written';
    });

    await expect(late).rejects.toMatchObject({ code: '23503' });
    expect(heard).toEqual([]);
    expect(await database.burstForTenant(acme, titles)).toEqual(['a1']);
  });

  it('sends nothing when `run` fails by itself or a value cannot be sent', async () => {
    const failing = database.burstForTenant(acme, (tx) => {
      void addNote(tx, acme, 'a2');
      return Promise.all([Promise.resolve(1), Promise.reject(new Error('no such agent'))]);
    });
    await expect(failing).rejects.toThrow('no such agent');

    const throwing = database.burstForTenant(acme, () => {
      throw new Error('not even a promise');
    });
    await expect(throwing).rejects.toThrow('not even a promise');

    const round: Record<string, unknown> = {};
    round['itself'] = round;
    const unsendable = database.burstForTenant(acme, (tx) =>
      Promise.all([addNote(tx, acme, 'a2'), tx.query('select $1', [round])]),
    );
    await expect(unsendable).rejects.toThrow('circular');

    expect(await database.forTenant(acme, titles)).toEqual(['a1']);
  });

  it('notices a failure of `run` by itself wherever it is called from', async () => {
    const failing = () =>
      database.burstForTenant(acme, (tx) => Promise.all([addNote(tx, acme, 'a2'), Promise.reject(new Error('no such agent'))]));

    const fromTimer = await new Promise<unknown>((resolve) => setTimeout(() => void failing().catch(resolve), 0));

    expect(fromTimer).toMatchObject({ message: 'no such agent' });
    expect(await database.burstForTenant(acme, titles)).toEqual(['a1']);
  });

  it('gives up a connection that a statement left in a transaction, instead of calling anything committed', async () => {
    const heard: string[] = [];
    const beginning = database.burstForTenant(acme, (tx) => {
      tx.afterCommit(() => heard.push('committed'));
      return Promise.all([tx.query('begin'), addNote(tx, acme, 'a2')]);
    });

    await expect(beginning).rejects.toMatchObject({ code: 'transaction_aborted' });
    expect(heard).toEqual([]);
    expect(await database.burstForTenant(acme, titles)).toEqual(['a1']);
  });

  it('gives up a connection that no longer has what was prepared on it', async () => {
    await database.burstForTenant(acme, titles);
    await database.burstForTenant(acme, (tx) => tx.query('deallocate all'));

    await expect(database.burstForTenant(acme, titles)).rejects.toMatchObject({ code: '26000' });
    expect(await database.burstForTenant(acme, titles)).toEqual(['a1']);
    await database.burstForTenant(acme, (tx) => tx.query('deallocate all'));
    await expect(database.forTenant(acme, titles)).rejects.toMatchObject({ code: '26000' });
    expect(await database.forTenant(acme, titles)).toEqual(['a1']);
  });

  it('takes an empty name for none', async () => {
    const twice = () =>
      database.burstForTenant(acme, (tx) => Promise.all([tx.query('select 1 as n', [], ''), tx.query('select 2 as m')]));

    expect([await twice(), await twice()]).toEqual(Array(2).fill([[{ n: 1 }], [{ m: 2 }]]));
  });

  it('gives up a connection on which rows would be waited for, with everything that was asked for', async () => {
    const copying = database.burstAsSystem('test', (tx) =>
      Promise.all([addNote(tx, acme, 'a2'), tx.query('copy tags from stdin')]),
    );

    await expect(copying).rejects.toThrow(/copy/i);
    expect(await database.burstForTenant(acme, titles)).toEqual(['a1']);
  });

  it('refuses what is asked for only after an answer', async () => {
    const late = database.burstForTenant(acme, async (tx) => {
      await addNote(tx, acme, 'a2');
      await addNote(tx, acme, 'a3');
    });

    await expect(late).rejects.toMatchObject({ code: 'transaction_closed' });
  });
});
