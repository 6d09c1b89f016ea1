import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { acme, engines, globex, openNotes, type Engine } from '../test/engines.js';
import type { Database } from './database.js';
import { isForeignKeyViolation, isRefused, isUniqueViolation } from './failures.js';
import { detached, type Tx } from './transaction.js';

const addNote = (tx: Tx, tenantId: TenantId, id: string, title = id) =>
  tx.query('insert into notes (tenant_id, id, title) values ($1, $2, $3)', [tenantId, id, title], 'add-note');
const titles = async (tx: Tx) =>
  (await tx.query<{ title: string }>('select title from notes order by title')).map((row) => row.title);

describe.each(engines)('a tenant transaction on $name', (kind) => {
  let engine: Engine;
  let database: Database;
  const reported: Error[] = [];

  beforeAll(async () => {
    engine = await kind.start();
    database = await openNotes(engine, kind, { onError: (error) => reported.push(error) });
  });
  afterAll(async () => {
    await database?.close();
    await engine?.close();
  });
  beforeEach(async () => {
    reported.length = 0;
    await database.asSystem('test', (tx) => tx.query('delete from notes'));
    await database.forTenant(acme, (tx) => addNote(tx, acme, 'a1'));
    await database.forTenant(globex, (tx) => addNote(tx, globex, 'g1'));
  });

  describe('row-level security', () => {
    it('shows a tenant its own rows only', async () => {
      const seen = await database.forTenant(acme, titles);

      expect(seen).toEqual(['a1']);
    });

    it('refuses to write a row of another tenant', async () => {
      const writing = database.forTenant(acme, (tx) => addNote(tx, globex, 'planted'));

      await expect(writing).rejects.toMatchObject({ code: '42501' });
      expect(await writing.catch(isRefused)).toBe(true);
      expect(await database.forTenant(globex, titles)).toEqual(['g1']);
    });

    it('changes and deletes nothing of another tenant, even when asked by key', async () => {
      const touched = await database.forTenant(acme, async (tx) => [
        ...(await tx.query('update notes set title = $1 where tenant_id = $2 returning id', ['stolen', globex])),
        ...(await tx.query('delete from notes where tenant_id = $1 returning id', [globex])),
      ]);

      expect(touched).toEqual([]);
      expect(await database.forTenant(globex, titles)).toEqual(['g1']);
    });

    it('refuses to give a row away to another tenant', async () => {
      const giving = database.forTenant(acme, (tx) => tx.query('update notes set tenant_id = $1', [globex]));

      await expect(giving).rejects.toMatchObject({ code: '42501' });
    });

    it('refuses a reference to a row of another tenant', async () => {
      const referring = database.forTenant(acme, (tx) =>
        tx.query('insert into tags (tenant_id, note_id, label) values ($1, $2, $3)', [acme, 'g1', 'x']),
      );

      expect(await referring.catch(isForeignKeyViolation)).toBe(true);
    });

    it('lets both tenants use the same key', async () => {
      await database.forTenant(acme, (tx) => addNote(tx, acme, 'same'));
      await database.forTenant(globex, (tx) => addNote(tx, globex, 'same'));

      const count = await database.asSystem('test', (tx) => tx.query("select from notes where id = 'same'"));

      expect(count).toHaveLength(2);
    });

    it('shows a system transaction the rows of all tenants', async () => {
      const seen = await database.asSystem('test', titles);

      expect(seen).toEqual(['a1', 'g1']);
    });
  });

  describe('outside a transaction', () => {
    it('nothing can be read, written or deleted on a connection of the service', async () => {
      const table = `${database.schema}.notes`;

      const read = await database.pool.query(`select * from ${table}`);
      const deleted = await database.pool.query(`delete from ${table}`);
      const write = database.pool.query(`insert into ${table} (tenant_id, id, title) values ($1, 'x', 'x')`, [acme]);

      expect(read.rows).toEqual([]);
      expect(deleted.rowCount).toBe(0);
      await expect(write).rejects.toMatchObject({ code: '42501' });
    });

    it('a transaction that is over takes no more statements', async () => {
      const kept = await database.forTenant(acme, async (tx) => tx);

      await expect(kept.query('select 1')).rejects.toMatchObject({ code: 'transaction_closed' });
      expect(() => kept.afterCommit(() => undefined)).toThrow(expect.objectContaining({ code: 'transaction_closed' }));
    });

    it.each(['', 'acme', `${acme}'; drop table notes; --`, 'ten_01JD5M6WZ5F9R8X2K3C4V7B6N1', undefined])(
      'no transaction is opened for %p',
      async (tenantId) => {
        const opening = database.forTenant(tenantId as TenantId, async () => 'opened');

        await expect(opening).rejects.toMatchObject({ code: 'invalid_tenant' });
      },
    );
  });

  describe('its end', () => {
    it('keeps everything or nothing', async () => {
      const failing = database.forTenant(acme, async (tx) => {
        await addNote(tx, acme, 'a2');
        throw new Error('changed my mind');
      });

      await expect(failing).rejects.toThrow('changed my mind');
      expect(await database.forTenant(acme, titles)).toEqual(['a1']);
    });

    it('is an error when a failed statement was swallowed, because Postgres has rolled back', async () => {
      const hooks: string[] = [];

      const swallowing = database.forTenant(acme, async (tx) => {
        tx.afterCommit(() => hooks.push('committed'));
        await addNote(tx, acme, 'a2');
        await addNote(tx, acme, 'a2').catch(() => undefined);
      });

      await expect(swallowing).rejects.toMatchObject({ code: 'transaction_aborted' });
      expect(hooks).toEqual([]);
      expect(await database.forTenant(acme, titles)).toEqual(['a1']);
    });

    it('runs hooks after the commit, when others can see it', async () => {
      const order: string[] = [];
      let seenByHook: Promise<string[]> | undefined;

      await database.forTenant(acme, async (tx) => {
        tx.afterCommit(() => {
          order.push('hook');
          seenByHook = database.forTenant(acme, titles);
        });
        await addNote(tx, acme, 'a2');
        order.push('last statement');
      });

      expect(order).toEqual(['last statement', 'hook']);
      expect(await seenByHook).toEqual(['a1', 'a2']);
    });

    it('runs no hook when it fails', async () => {
      const hooks: string[] = [];

      const failing = database.forTenant(acme, async (tx) => {
        tx.afterCommit(() => hooks.push('committed'));
        await tx.query('select * from nowhere');
      });

      await expect(failing).rejects.toMatchObject({ code: '42P01' });
      expect(hooks).toEqual([]);
    });

    it('reports a hook that throws and runs the others', async () => {
      const hooks: string[] = [];

      await database.forTenant(acme, async (tx) => {
        tx.afterCommit(() => {
          throw new Error('hook broke');
        });
        tx.afterCommit(() => hooks.push('second'));
      });

      expect(hooks).toEqual(['second']);
      expect(reported.map((error) => error.message)).toEqual(['hook broke']);
    });
  });

  describe('on a pooled connection', () => {
    it('leaves neither tenant nor role behind, however it ended', async () => {
      const single = await openNotes(engine, kind, { poolSize: 1, schema: database.schema });
      const before = await single.pool.query<{ who: string }>('select current_user as who');
      await single.forTenant(acme, titles);
      await single.forTenant(acme, (tx) => tx.query('select 1 / 0')).catch(() => undefined);
      await single.asSystem('test', (tx) => tx.query('syntax error')).catch(() => undefined);

      const after = await single.pool.query(
        `select current_user as who, nullif(current_setting('app.tenant_id', true), '') as tenant`,
      );
      const globexSees = await single.forTenant(globex, titles);
      await single.close();

      expect(after.rows).toEqual([{ who: before.rows[0]?.who, tenant: null }]);
      expect(globexSees).toEqual(['g1']);
    });

    it('keeps 60 transactions at once apart, a third of them rolled back', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 60 }, (_, index) => {
          const tenantId = index % 2 === 0 ? acme : globex;
          return database.forTenant(tenantId, async (tx) => {
            await addNote(tx, tenantId, `n${index}`);
            const rows = await tx.query<{ tenant_id: string }>('select distinct tenant_id from notes');
            if (index % 3 === 0) throw new Error('rolled back');
            return rows.map((row) => row.tenant_id).join() === tenantId;
          });
        }),
      );

      const kept = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(kept).toHaveLength(40);
      expect(kept.every(({ value }) => value)).toBe(true);
      expect(await database.forTenant(acme, titles)).toHaveLength(21);
      expect(await database.forTenant(globex, titles)).toHaveLength(21);
    });

    it('answers statements sent side by side each with its own rows', async () => {
      const answers = await database.forTenant(acme, (tx) =>
        Promise.all(
          Array.from({ length: 20 }, (_, index) => tx.query('select $1::int as n', [index], index % 2 ? 'side' : undefined)),
        ),
      );

      expect(answers.flat()).toEqual(Array.from({ length: 20 }, (_, n) => ({ n })));
    });

    it('uses named statements on several connections', async () => {
      const named = () => database.forTenant(acme, (tx) => tx.query('select $1::text as v', ['x'], 'named'));

      const answers = await Promise.all([named(), named(), named()]);

      expect(answers).toEqual(Array(3).fill([{ v: 'x' }]));
    });

    it('waits for an open transaction of another connection and does not land inside it', async () => {
      const other = await openNotes(engine, kind, { schema: database.schema });
      let reading: Promise<string[]> | undefined;
      let plain: Promise<{ rows: unknown[] }> | undefined;

      await database
        .forTenant(acme, async (tx) => {
          await addNote(tx, acme, 'uncommitted');
          reading = detached(() => other.asSystem('test', titles));
          plain = other.pool.query('select $1::text as v', ['plain']);
          await tx.query('select pg_sleep(0.02)');
          throw new Error('rolled back');
        })
        .catch(() => undefined);

      expect(await reading).toEqual(['a1', 'g1']);
      expect((await plain)?.rows).toEqual([{ v: 'plain' }]);
      await other.close();
    });
  });

  describe('of one statement', () => {
    const one = (id: string) =>
      database.queryForTenant(
        acme,
        'insert into notes (tenant_id, id, title) values ($1, $2, $2) returning id',
        [acme, id],
        'one',
      );

    it('is committed under the same rules', async () => {
      const written = await one('a2');
      const read = await database.queryForTenant(globex, 'select title from notes');
      const planting = database.queryForTenant(globex, "insert into notes (tenant_id, id, title) values ($1, 'x', 'x')", [acme]);

      expect(written).toEqual([{ id: 'a2' }]);
      expect(read).toEqual([{ title: 'g1' }]);
      await expect(planting).rejects.toMatchObject({ code: '42501' });
      expect(await database.forTenant(acme, titles)).toEqual(['a1', 'a2']);
    });

    it('fails with the error of the statement and leaves its connection fit for use', async () => {
      const outcomes = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => one(n % 3 === 0 ? 'a1' : `n${n}`)));

      const codes = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [(outcome.reason as { code: string }).code] : [],
      );
      expect(codes).toEqual(Array(10).fill('23505'));
      expect(await database.forTenant(acme, titles)).toHaveLength(21);
    });
  });

  it('refuses a transaction inside a transaction, which the embedded database could never finish', async () => {
    const nested = database.forTenant(acme, () => database.forTenant(acme, titles));

    await expect(nested).rejects.toMatchObject({ code: 'nested_transaction' });
  });

  it('names the constraint of a unique violation', async () => {
    const twice = await database.forTenant(acme, (tx) => addNote(tx, acme, 'a2', 'a1')).catch((error: unknown) => error);

    expect(isUniqueViolation(twice)).toBe(true);
    expect(isUniqueViolation(twice, 'notes_tenant_id_title_key')).toBe(true);
    expect(isUniqueViolation(twice, 'notes_pkey')).toBe(false);
  });

  it('refuses work after close', async () => {
    const closed = await openNotes(engine, kind, { schema: database.schema });
    await closed.close();

    await expect(closed.forTenant(acme, titles)).rejects.toMatchObject({ code: 'database_closed' });
    await expect(closed.ping()).rejects.toMatchObject({ code: 'database_closed' });
  });
});
