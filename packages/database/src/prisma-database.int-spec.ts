import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { acme, engines, globex, openNotes, type Engine } from '../test/engines.js';
import type { Database } from './database.js';
import { isUniqueViolation } from './failures.js';
import { PrismaClient } from './generated/prisma/client.js';
import { PrismaDatabase, type PrismaTx } from './prisma-database.js';
import type { Tx } from './transaction.js';

const note = (tenantId: string, id: string) => ({ data: { tenantId, id, title: id } });
const titles = async (tx: PrismaTx<PrismaClient>) =>
  (await tx.prisma.note.findMany({ orderBy: { title: 'asc' } })).map((row) => row.title);

describe.each(engines)('a Prisma transaction on $name', (kind) => {
  let engine: Engine;
  let database: Database;
  let models: PrismaDatabase<PrismaClient>;

  beforeAll(async () => {
    engine = await kind.start();
    database = await openNotes(engine, kind);
    models = new PrismaDatabase(PrismaClient, database);
  });
  afterAll(async () => {
    await models?.close();
    await database?.close();
    await engine?.close();
  });
  beforeEach(async () => {
    await database.asSystem('test', (tx) => tx.query('delete from notes'));
    await models.forTenant(acme, (tx) => tx.prisma.note.create(note(acme, 'a1')));
    await models.forTenant(globex, (tx) => tx.prisma.note.create(note(globex, 'g1')));
  });

  it('shows a tenant its own rows only, and the system all', async () => {
    expect(await models.forTenant(acme, titles)).toEqual(['a1']);
    expect(await models.asSystem('test', titles)).toEqual(['a1', 'g1']);
  });

  it('neither writes nor changes nor deletes a row of another tenant', async () => {
    const writing = models.forTenant(acme, (tx) => tx.prisma.note.create(note(globex, 'planted')));
    const touched = await models.forTenant(acme, async (tx) => [
      await tx.prisma.note.updateMany({ where: { tenantId: globex }, data: { title: 'stolen' } }),
      await tx.prisma.note.deleteMany({ where: { tenantId: globex } }),
    ]);

    await expect(writing).rejects.toThrow(/row-level security/);
    expect(touched).toEqual([{ count: 0 }, { count: 0 }]);
    expect(await models.forTenant(globex, titles)).toEqual(['g1']);
  });

  it('has statements and models in one transaction, and answers statements as Database does', async () => {
    const numbers = (tx: Tx) =>
      tx.query(
        'select 1::int8 as big, 1.5::numeric as exact, now()::timestamptz as at, $1::jsonb as json',
        [{ a: 1 }],
        'numbers',
      );

    const failing = models.forTenant(acme, async (tx) => {
      await tx.prisma.note.create(note(acme, 'a2'));
      await tx.query("insert into notes (tenant_id, id, title) values ($1, 'a3', 'a3')", [acme]);
      const seen = await titles(tx);
      throw new Error(seen.join());
    });
    const [fromPrisma] = await models.forTenant(acme, numbers);
    const [fromPg] = await database.forTenant(acme, numbers);

    await expect(failing).rejects.toThrow('a1,a2,a3');
    expect(await models.forTenant(acme, titles)).toEqual(['a1']);
    expect({ ...fromPrisma, at: expect.any(Date) }).toEqual({ ...fromPg, at: expect.any(Date) });
  });

  it('runs hooks after the commit only', async () => {
    const order: string[] = [];

    await models.forTenant(acme, async (tx) => {
      tx.afterCommit(() => void order.push('hook'));
      await tx.prisma.note.create(note(acme, 'a2'));
      order.push('last statement');
    });
    await models
      .forTenant(acme, async (tx) => {
        tx.afterCommit(() => void order.push('hook of a failure'));
        throw new Error('no');
      })
      .catch(() => undefined);

    expect(order).toEqual(['last statement', 'hook']);
  });

  it.each([
    ['statement', (tx: PrismaTx<PrismaClient>) => tx.query('select 1 / 0')],
    ['model', (tx: PrismaTx<PrismaClient>) => tx.prisma.note.create(note(acme, 'a1'))],
  ])('is an error when a failed %s was swallowed', async (_, fail) => {
    const swallowing = models.forTenant(acme, async (tx) => {
      await tx.prisma.note.create(note(acme, 'a2'));
      await fail(tx).catch(() => undefined);
    });

    await expect(swallowing).rejects.toMatchObject({ code: 'transaction_aborted' });
    expect(await models.forTenant(acme, titles)).toEqual(['a1']);
  });

  it('is refused inside another transaction of either kind', async () => {
    await expect(models.forTenant(acme, () => models.forTenant(acme, titles))).rejects.toMatchObject({
      code: 'nested_transaction',
    });
    await expect(database.forTenant(acme, () => models.forTenant(acme, titles))).rejects.toMatchObject({
      code: 'nested_transaction',
    });
    await expect(models.forTenant(acme, () => database.forTenant(acme, async () => 1))).rejects.toMatchObject({
      code: 'nested_transaction',
    });
  });

  it('names the constraint of a unique violation', async () => {
    const twice = models.forTenant(acme, (tx) => tx.prisma.note.create({ data: { tenantId: acme, id: 'a2', title: 'a1' } }));

    const error = await twice.catch((failure: unknown) => failure);

    expect(isUniqueViolation(error, 'notes_tenant_id_title_key')).toBe(true);
    expect(isUniqueViolation(error, 'notes_pkey')).toBe(false);
  });

  it('keeps 40 transactions at once apart, mixed with those of Database', async () => {
    const seen = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const tenantId = index % 2 ? acme : globex;
        if (index % 4 < 2)
          return (await models.forTenant(tenantId, (tx) => tx.prisma.note.findMany())).map((row) => row.tenantId === tenantId);
        const rows = await database.forTenant(tenantId, (tx) => tx.query<{ tenant_id: string }>('select * from notes'));
        return rows.map((row) => row.tenant_id === tenantId);
      }),
    );

    expect(seen).toEqual(Array(40).fill([true]));
  });
});
