import { afterEach, expect, it } from '@jest/globals';
import { eventually, VirtualClock } from '@support101/testing';
import { callerOf, nobody, onBothEngines, thingMade, type DatabaseWorld } from './both-engines.fixture-spec.js';
import { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js';
import { databaseOf, FakeBroker } from './outbox.fixture-spec.js';
import { Outbox, type Publisher } from './outbox.js';
import { acme } from './transport.conformance-spec.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A relay that is one of several, also on the embedded database; its poll does not help unless told. */
async function relayOver(
  world: DatabaseWorld,
  transport: OutboxRelayOptions['transport'],
  options: Partial<OutboxRelayOptions> = {},
): Promise<OutboxRelay> {
  const database = { ...databaseOf(world.database), embedded: false };
  const relay = new OutboxRelay({ database, transport, pollMs: 60_000, ...options });
  await relay.start();
  closers.push(() => relay.close());
  return relay;
}

type Step = [thing: string, step: number];

async function record(world: DatabaseWorld, publisher: Publisher, ...steps: Step[]): Promise<void> {
  const outbox = new Outbox('demo', publisher);
  for (const [thing, step] of steps) {
    const fact = outbox.fact(thingMade, { thing, step }, callerOf(acme));
    await world.database.burstForTenant(acme, (tx) => outbox.recordAll(tx, [fact]));
  }
}

/** A broker that answers when told. */
function slowBroker(...things: string[]): { broker: FakeBroker; finish: () => void } {
  const finished = Promise.withResolvers<void>();
  const broker = new FakeBroker();
  broker.decide = ({ data }) => (things.includes(String(data['thing'])) ? finished.promise : undefined);
  return { broker, finish: finished.resolve };
}

const rowsOf = (world: DatabaseWorld) =>
  world.rows<{ resource: string; claimed: boolean; attempts: number }>(
    'select resource, claimed_by is not null as claimed, attempts from outbox where published_at is null order by seq',
  );
const allMarked = (world: DatabaseWorld) => eventually(async () => (await rowsOf(world)).length === 0, 20_000);

onBothEngines('events that are born claimed', (world) => {
  it('are published without a look at the table, and marked together', async () => {
    const broker = new FakeBroker();
    const texts: string[] = [];
    const { database } = world();
    const watched = databaseOf(database, (run) =>
      database.burstAsSystem('test', (tx) => {
        const query: typeof tx.query = (text, values, name) => {
          texts.push(text);
          return tx.query(text, values, name);
        };
        return run({ tenantId: tx.tenantId, query, afterCommit: (hook) => tx.afterCommit(hook) });
      }),
    );
    const relay = await relayOver(world(), broker, { database: watched });
    await eventually(() => texts.some((text) => text.includes('as left')));
    texts.splice(0);

    const outbox = new Outbox('demo', relay);
    const facts = Array.from({ length: 30 }, (_, step) => {
      return outbox.fact(thingMade, { thing: `t${step % 9}`, step }, callerOf(acme));
    });
    await database.burstForTenant(acme, (tx) => outbox.recordAll(tx, facts));
    await allMarked(world());

    expect(broker.taken.map(({ id }) => id).toSorted()).toEqual(facts.map(({ event }) => event.id).toSorted());
    expect(texts).toEqual([expect.stringContaining('set published_at')]);
    expect(await world().rows('select distinct attempts, claimed_by from outbox')).toEqual([{ attempts: 1, claimed_by: null }]);
  });

  it('are not, behind a row that another relay publishes: it goes first, and they soon after', async () => {
    const { broker, finish } = slowBroker('a');
    const first = await relayOver(world(), broker);
    const second = await relayOver(world(), broker);
    await record(world(), first, ['a', 1]);

    await record(world(), second, ['a', 2], ['b', 1], ['a', 3]);
    await eventually(() => broker.steps.includes('b1'));
    expect((await rowsOf(world())).filter(({ resource }) => resource === 'thing:a')).toEqual([
      { resource: 'thing:a', claimed: true, attempts: 1 },
      { resource: 'thing:a', claimed: false, attempts: 0 },
      { resource: 'thing:a', claimed: false, attempts: 0 },
    ]);
    finish();
    await allMarked(world());

    expect(broker.steps.filter((step) => step.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  });

  it('come back when their lease ends if their commit never becomes known, and those behind them wait for it', async () => {
    const broker = new FakeBroker();
    const relay = await relayOver(world(), broker, { leaseMs: 600 });
    const deaf: Publisher = { expect: (facts) => relay.expect(facts), take: () => undefined };

    await record(world(), deaf, ['a', 1]);
    expect(await rowsOf(world())).toEqual([{ resource: 'thing:a', claimed: true, attempts: 1 }]);
    await record(world(), relay, ['a', 2], ['b', 1]);
    await eventually(() => broker.steps.includes('b1'));
    await relayOver(world(), broker, { pollMs: 50 });
    await allMarked(world());

    expect(broker.steps.filter((step) => step.startsWith('a'))).toEqual(['a1', 'a2']);
  });

  it('go back behind the one that failed, and keep their order', async () => {
    const broker = new FakeBroker();
    let failures = 2;
    broker.decide = async ({ data }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (data['thing'] === 'a' && data['step'] === 3 && failures-- > 0) throw new Error('the broker is away');
    };
    const relay = await relayOver(world(), broker);

    await record(world(), relay, ...[1, 2, 3, 4, 5, 6].map((step): Step => ['a', step]), ['b', 1]);
    await eventually(async () => (await world().rows('select 1 from outbox where last_error is not null')).length === 1);
    await record(world(), relay, ['a', 7]);
    await allMarked(world());

    expect(broker.steps.filter((step) => step.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7']);
    expect(broker.steps.indexOf('b1')).toBeLessThan(broker.steps.indexOf('a3'));
  });

  it('are only as many as the window holds; the others wait in the table', async () => {
    const { broker, finish } = slowBroker('a', 'b', 'c');
    const relay = await relayOver(world(), broker, { window: 2 });

    await record(world(), relay, ['a', 1], ['b', 1], ['c', 1]);
    expect((await rowsOf(world())).map(({ claimed }) => claimed)).toEqual([true, true, false]);
    finish();
    await allMarked(world());

    expect(broker.steps).toEqual(['a1', 'b1', 'c1']);
  });

  it('are none before the relay has started and while it pauses after a failure', async () => {
    const broker = new FakeBroker();
    broker.decide = () => Promise.reject(new Error('the broker is away'));
    const database = { ...databaseOf(world().database), embedded: false };
    // It stands still, and so does the pause.
    const time = new VirtualClock();
    const relay = new OutboxRelay({ database, transport: broker, time, pollMs: 60_000 });
    closers.push(() => relay.close());
    await record(world(), relay, ['a', 1]);
    expect(await rowsOf(world())).toEqual([{ resource: 'thing:a', claimed: false, attempts: 0 }]);

    await relay.start();
    await eventually(async () => (await world().rows('select 1 from outbox where last_error is not null')).length === 1);
    await record(world(), relay, ['b', 1]);
    expect(await rowsOf(world())).toContainEqual({ resource: 'thing:b', claimed: false, attempts: 0 });
    broker.decide = () => undefined;
    await time.advance(300);
    await allMarked(world());

    expect(broker.steps.toSorted()).toEqual(['a1', 'b1']);
  });

  it('go back on closing: those that are being published, those behind them, and those that become known meanwhile', async () => {
    const { broker, finish } = slowBroker('a');
    const relay = new OutboxRelay({ database: databaseOf(world().database), transport: broker, pollMs: 60_000 });
    await relay.start();
    const { promise: closed, resolve: close } = Promise.withResolvers<unknown>();
    const closesMeanwhile: Publisher = {
      expect: (facts) => relay.expect(facts),
      take: (written, birth) => {
        close(relay.close());
        relay.take(written, birth);
      },
    };

    await record(world(), relay, ['a', 1], ['a', 2]);
    await record(world(), closesMeanwhile, ['b', 1]);
    await closed;
    finish();
    await record(world(), relay, ['c', 1]);

    expect(broker.steps.filter((step) => step !== 'a1')).toEqual([]);
    expect((await rowsOf(world())).map(({ resource, claimed }) => [resource, claimed])).toEqual([
      ['thing:a', false],
      ['thing:a', false],
      ['thing:b', false],
      ['thing:c', false],
    ]);
    await relayOver(world(), broker);
    await allMarked(world());
  });

  it('stand behind what waits in the table already', async () => {
    const broker = new FakeBroker();
    await record(world(), nobody, ['a', 1], ['a', 2]);
    const { rows } = world();
    await rows(`update outbox set not_before = now() + interval '300 milliseconds' where resource = 'thing:a'`);
    const relay = await relayOver(world(), broker, { pollMs: 50 });

    await record(world(), relay, ['a', 3]);
    await allMarked(world());

    expect(broker.steps).toEqual(['a1', 'a2', 'a3']);
  });
});
