import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, openDatabase, type Database, type Tx } from '@support101/database';
import { administer, postgres, type TestServer } from '@support101/testing';
import { callerOf, thingMade } from './both-engines.fixture-spec.js';
import { messagingMigrations } from './migrations.js';
import { insert, type Birth } from './outbox-insert.js';
import { extend, giveBack, mark, type HeldEvent } from './outbox-rows.js';
import { Outbox, type Publisher } from './outbox.js';
import { acme } from './transport.conformance-spec.js';

const backlog = 3_000;
const until = new Date(Date.now() + 60_000);
const birth: Birth = { owner: 'me', now: new Date(), until };
const silent: Publisher = { expect: () => birth, take: () => undefined };
const factsOf = (thing: string, count: number) =>
  Array.from({ length: count }, (_, step) => new Outbox('demo', silent).fact(thingMade, { thing, step }, callerOf(acme)));

describe('with much waiting', () => {
  let server: TestServer;
  let database: Database;
  beforeAll(async () => {
    server = await postgres();
    await migrate({ url: server.url, schema: 'demo', sets: [messagingMigrations] });
    // One connection: it keeps the plans that it made when nothing waited.
    database = await openDatabase({ url: server.url, schema: 'demo', embedded: false, poolSize: 1 });
  });
  afterAll(async () => {
    await database?.close();
    await server?.close();
  });

  const record = (facts: ReturnType<typeof factsOf>) => database.asSystem('test', (tx) => insert(tx, facts, birth));

  /** How many rows of the outbox were read, in one transaction. */
  async function rowsRead(run: (tx: Tx) => Promise<unknown>): Promise<number> {
    return database.asSystem('test', async (tx) => {
      const read = async () => {
        const [stats] = await tx.query<{ read: number }>(
          `select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables where relname = 'outbox'`,
        );
        return stats?.read ?? Number.NaN;
      };
      const before = await read();
      await run(tx);
      return (await read()) - before;
    });
  }

  it('what is about few events reads few rows', async () => {
    const held = factsOf('mine', 20).map((fact): HeldEvent => ({ ...fact, owner: 'me', attempts: 1, until: +until }));
    // The plans are those of a quiet hour: all is published.
    for (let time = 0; time < 10; time += 1) await record(factsOf(`early ${time}`, 300));
    await database.asSystem('test', (tx) => tx.query('update outbox set published_at = now(), claimed_by = null'));
    await administer(server.url, 'vacuum analyze demo.outbox');
    for (let time = 0; time < 3; time += 1) await record(factsOf(`again ${time}`, 2));
    await record([...factsOf('others', backlog), ...held]);

    const recorded = await rowsRead((tx) => insert(tx, factsOf('more', 6), birth));
    const extended = await rowsRead((tx) => extend(tx, held.slice(0, 10), until));
    const returned = await rowsRead((tx) => giveBack(tx, [{ held: held[0] as HeldEvent, failure: undefined }]));
    const marked = await rowsRead((tx) =>
      mark(
        tx,
        held.slice(1, 20).map((each) => ({ held: each, storedAt: undefined })),
        until,
      ),
    );

    for (const read of [recorded, extended, returned, marked]) expect(read).toBeLessThan(100);
    const rest = await database.asSystem('test', (tx) =>
      tx.query<{ event_id: string }>(
        `select event_id, claimed_by from outbox where published_at is null and resource = 'thing:mine'`,
      ),
    );
    expect(rest).toEqual([{ event_id: held[0]?.event.id, claimed_by: null }]);
  });
});
