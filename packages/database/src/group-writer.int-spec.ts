import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@support101/contracts';
import { acme, embedded, engines, globex, openNotes, type Engine } from '../test/engines.js';
import type { Database } from './database.js';
import { isUniqueViolation } from './failures.js';
import { groupWriter, type GroupWriter } from './group-writer.js';
import { detached, type Tx } from './transaction.js';

interface Note {
  readonly tenantId: TenantId;
  readonly id: string;
}

const aNote = (id: string, tenantId: TenantId = acme): Note => ({ tenantId, id });

const ways = engines.flatMap((kind) => [
  { name: kind.name, kind, burst: false },
  { name: `${kind.name} in bursts`, kind, burst: true },
]);

describe.each(ways)('a group writer on $name', ({ kind, burst }) => {
  let engine: Engine;
  let database: Database;
  let writer: GroupWriter<Note, string>;
  let batches: number[];

  beforeAll(async () => {
    engine = await kind.start();
    database = await openNotes(engine, kind);
  });
  afterAll(async () => {
    await database?.close();
    await engine?.close();
  });
  beforeEach(async () => {
    await database.asSystem('test', (tx) => tx.query('delete from notes'));
    batches = [];
    writer = groupWriter({ database, reason: 'test', write: insert, maxRows: 50, burst });
  });

  async function insert(tx: Tx, notes: readonly Note[]): Promise<string[]> {
    batches.push(notes.length);
    const rows = await tx.query<{ id: string }>(
      `insert into notes (tenant_id, id, title) select t, i, i from unnest($1::text[], $2::text[]) as u (t, i) returning id`,
      [notes.map((note) => note.tenantId), notes.map((note) => note.id)],
      'insert-notes',
    );
    return rows.map(({ id }) => `wrote ${id}`);
  }
  const stored = async (tenantId: TenantId) =>
    (await database.forTenant(tenantId, (tx) => tx.query('select id from notes'))).length;

  it('writes what is offered together in shared commits and gives each its own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 120 }, (_, n) => writer.offer(aNote(`n${n}`, n % 2 ? acme : globex))));

    expect(answers).toEqual(Array.from({ length: 120 }, (_, n) => `wrote n${n}`));
    expect(batches).toEqual([50, 50, 20]);
    expect(await stored(acme)).toBe(60);
  });

  it('writes a lone row at once', async () => {
    await writer.offer(aNote('first'));
    await writer.offer(aNote('second'));

    expect(batches).toEqual([1, 1]);
  });

  it('does not let a bad row fail its neighbours', async () => {
    await writer.offer(aNote('taken'));

    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => writer.offer(aNote(n === 7 ? 'taken' : `n${n}`))),
    );

    const failed = outcomes.flatMap((outcome, n) =>
      outcome.status === 'rejected' ? [{ n, error: outcome.reason as unknown }] : [],
    );
    expect(failed.map(({ n }) => n)).toEqual([7]);
    expect(isUniqueViolation(failed[0]?.error)).toBe(true);
    expect(await stored(acme)).toBe(20);
  });

  it('refuses to be used inside a transaction, which would wait for itself', async () => {
    const inside = database.forTenant(acme, () => writer.offer(aNote('n')));

    await expect(inside).rejects.toMatchObject({ code: 'nested_transaction' });
  });

  it('works on when its first row came out of a transaction that went on without it', async () => {
    let offered: Promise<string> | undefined;

    await database.forTenant(acme, async () => {
      offered = detached(() => writer.offer(aNote('n')));
    });

    expect(await offered).toBe('wrote n');
  });

  it('writes what was offered before it was closed and refuses the rest', async () => {
    const offered = writer.offer(aNote('last'));

    await writer.close();

    expect(await offered).toBe('wrote last');
    await expect(writer.offer(aNote('too late'))).rejects.toMatchObject({ code: 'database_closed' });
  });
});

describe('a group writer whose database is gone', () => {
  it('fails all rows at once, without trying each', async () => {
    const engine = await embedded.start();
    const database = await openNotes(engine, embedded);
    const attempts: number[] = [];
    const writer = groupWriter<Note, string>({
      database,
      reason: 'test',
      write: (tx, notes) => {
        attempts.push(notes.length);
        return tx.query('select 1').then(() => notes.map(() => ''));
      },
    });
    await engine.close();

    const outcomes = await Promise.allSettled([writer.offer(aNote('a')), writer.offer(aNote('b'))]);
    await database.close();

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(attempts.length).toBeLessThan(2);
  });

  it('refuses rows when too many wait', async () => {
    let release = (): void => undefined;
    const asSystem = () => new Promise<never>((_, reject) => (release = () => reject(new Error('over'))));
    const writer = groupWriter<Note, string>({
      database: { asSystem, burstAsSystem: asSystem },
      reason: 'test',
      write: async () => [],
      maxRows: 1,
      maxWaiting: 2,
    });
    const offered = [writer.offer(aNote('a')), writer.offer(aNote('b'))];

    await expect(writer.offer(aNote('c'))).rejects.toMatchObject({ code: 'database_busy' });

    await new Promise((resolve) => setImmediate(resolve));
    const settled = Promise.allSettled(offered);
    for (let turn = 0; turn < 2; turn += 1) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
