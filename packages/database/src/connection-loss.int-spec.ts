import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, Wire } from '@support101/testing';
import { acme, native, notesMigrations, type Engine } from '../test/engines.js';
import { openDatabase, type Database } from './database.js';
import { PrismaClient } from './generated/prisma/client.js';
import { migrate } from './migrate.js';
import { PrismaDatabase } from './prisma-database.js';
import { detached, type Tx } from './transaction.js';

describe('a connection that is lost', () => {
  let engine: Engine;
  let wire: Wire;
  let database: Database;
  const errors: Error[] = [];

  beforeAll(async () => {
    engine = await native.start();
    await migrate({ url: engine.url, schema: 'lossy', sets: [notesMigrations] });
  });
  afterAll(() => engine?.close());
  beforeEach(async () => {
    errors.length = 0;
    wire = await Wire.lay(engine.url);
    database = await openDatabase({
      url: wire.url,
      schema: 'lossy',
      embedded: false,
      onError: (error) => errors.push(error),
    });
    await database.asSystem('test', (tx) => tx.query('delete from notes'));
  });
  afterEach(async () => {
    await database.close();
    await wire.close();
  });

  const add = (tx: Tx, id: string) => tx.query('insert into notes (tenant_id, id, title) values ($1, $2, $2)', [acme, id]);
  const count = () => database.forTenant(acme, async (tx) => (await tx.query('select from notes')).length);

  // The server may still be at the COMMIT when its client has already lost the connection.
  const committed = () => eventually(async () => expect(await count()).toBe(1), 5_000);

  it('during COMMIT leaves an outcome that is unknown, and says so', async () => {
    const hooks: string[] = [];
    wire.cutAfter = 'commit';

    const committing = database.forTenant(acme, async (tx) => {
      tx.afterCommit(() => hooks.push('committed'));
      await add(tx, 'maybe');
    });

    await expect(committing).rejects.toMatchObject({ code: 'commit_outcome_unknown' });
    expect(hooks).toEqual([]);
    wire.cutAfter = undefined;
    await committed();
  });

  it('during the single round trip of a transaction does too, although its statements have no answer either', async () => {
    wire.cutAfter = 'insert into notes';

    const committing = database.burstForTenant(acme, (tx) => add(tx, 'maybe'));

    await expect(committing).rejects.toMatchObject({ code: 'commit_outcome_unknown' });
    wire.cutAfter = undefined;
    await committed();
  });

  it('before a single round trip leaves no doubt: nothing was sent', async () => {
    await wire.close();
    await eventually(async () => expect(errors).not.toEqual([]), 5_000);

    await expect(database.burstForTenant(acme, (tx) => add(tx, 'gone'))).rejects.toMatchObject({
      code: 'database_unreachable',
    });
  });

  it('during the COMMIT of Prisma too', async () => {
    const models = new PrismaDatabase(PrismaClient, database);
    wire.cutAfter = 'commit';

    const committing = models.forTenant(acme, (tx) =>
      tx.prisma.note.create({ data: { tenantId: acme, id: 'maybe', title: 'maybe' } }),
    );

    await expect(committing).rejects.toMatchObject({ code: 'commit_outcome_unknown' });
    wire.cutAfter = undefined;
    await committed();
    await models.close();
  });

  it('while everything is being closed is no news', async () => {
    expect(await count()).toBe(0);

    const closing = database.close();
    wire.cut();
    await closing;
    // A connection that was given up tells of its end after the pool has forgotten it.
    database.pool.emit('error', new Error('the embedded database is shutting down'), undefined);

    expect(errors).toEqual([]);
  });

  it('before COMMIT has changed nothing, and the next transaction gets a new one', async () => {
    const failing = database.forTenant(acme, async (tx) => {
      await add(tx, 'gone');
      wire.cut();
      wire.mend();
      await tx.query('select 1');
    });

    await expect(failing).rejects.toMatchObject({ code: 'database_unreachable' });
    expect(await count()).toBe(0);
  });

  it('while idle is reported and does not end the process', async () => {
    await count();
    wire.cut();
    wire.mend();

    const deadline = Date.now() + 5_000;
    while (errors.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));

    expect(errors.length).toBeGreaterThan(0);
    expect(await count()).toBe(0);
  });

  it('for good is named', async () => {
    await wire.close();

    await expect(count()).rejects.toMatchObject({ code: 'database_unreachable' });
    await expect(database.ping()).rejects.toMatchObject({ code: 'database_unreachable' });
  });

  it('that does not begin with its role and search path is refused, since row-level security goes by the role', async () => {
    const options = new URLSearchParams({ options: '-c statement_timeout=1000' });

    const opening = openDatabase({ url: `${engine.url}?${options}`, schema: 'lossy', embedded: false });

    await expect(opening).rejects.toMatchObject({ code: 'session_refused' });
  });

  it('when all connections are taken, the caller is told that the database is busy', async () => {
    const small = await openDatabase({ url: engine.url, schema: 'lossy', embedded: false, poolSize: 1, connectWithinMs: 50 });

    const waiting = small.forTenant(acme, async () => {
      await expect(small.ping()).rejects.toMatchObject({ code: 'database_busy' });
      const another = detached(() => small.burstForTenant(acme, (tx) => add(tx, 'late')));
      await expect(another).rejects.toMatchObject({ code: 'database_busy' });
    });

    await waiting;
    await small.close();
  });
});
