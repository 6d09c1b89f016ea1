import { afterEach, expect, it } from '@jest/globals';
import { DomainError, type EventEnvelope } from '@support101/contracts';
import { detached } from '@support101/database';
import { eventually } from '@support101/testing';
import {
  callerOf,
  deliveryOf,
  effect,
  nobody,
  onBothEngines,
  thingMade,
  type DatabaseWorld,
} from './both-engines.fixture-spec.js';
import { DeadLetters } from './dead-letters.js';
import { InProcessTransport } from './in-process-transport.js';
import { Inbox } from './inbox.js';
import { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.js';
import { Outbox, type Publisher } from './outbox.js';
import { databaseOf, FakeBroker, mortal } from './outbox.fixture-spec.js';
import { acme, globex } from './transport.conformance-spec.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function relayOver(
  world: DatabaseWorld,
  options: Pick<OutboxRelayOptions, 'transport'> & Partial<OutboxRelayOptions>,
): Promise<OutboxRelay> {
  const relay = new OutboxRelay({ database: world.database, pollMs: 50, ...options });
  await relay.start();
  closers.push(() => relay.close());
  return relay;
}

/** Records steps of things in one transaction each, which has the thing to itself as writers must. */
async function record(world: DatabaseWorld, relay: Publisher, ...steps: [thing: string, step: number, tenant?: typeof acme][]) {
  const outbox = new Outbox('demo', relay);
  for (const [thing, step, tenant = acme] of steps) {
    await world.database.forTenant(tenant, async (tx) => {
      await tx.query('select pg_advisory_xact_lock(hashtext($1))', [`${tenant} ${thing}`]);
      await outbox.record(tx, thingMade, { thing, step }, callerOf(tenant));
    });
  }
}

const unpublished = async (world: DatabaseWorld) =>
  (await world.rows<{ count: number }>('select count(*)::int as count from outbox where published_at is null'))[0]?.count;

onBothEngines('outbox and relay', (world) => {
  it('publish what was committed, soon and once, and nothing that was rolled back', async () => {
    const broker = new FakeBroker();
    const relay = await relayOver(world(), { transport: broker, pollMs: 60_000 });
    const outbox = new Outbox('demo', relay);
    const caller = callerOf(acme, {
      causationId: 'cause',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });

    const failed = world().database.forTenant(acme, async (tx) => {
      await outbox.record(tx, thingMade, { thing: 'never', step: 1 }, caller);
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    const id = await world().database.forTenant(acme, (tx) => outbox.record(tx, thingMade, { thing: 'a', step: 1 }, caller));
    await eventually(async () => (await unpublished(world())) === 0);

    expect(broker.taken).toEqual([
      {
        specversion: '1.0',
        id,
        source: '/support101/demo',
        type: thingMade.type,
        subject: 'thing:a',
        time: expect.stringMatching(/Z$/),
        datacontenttype: 'application/json',
        tenantid: acme,
        principaltype: 'key',
        principalid: 'key_1',
        outcome: 'success',
        correlationid: 'cor_1',
        causationid: 'cause',
        traceparent: caller.traceparent,
        data: { thing: 'a', step: 1 },
      },
    ]);
  });

  it('refuse data that does not fit, an event without a tenant, and one that is too large', async () => {
    const outbox = new Outbox('demo', nobody);
    const { database } = world();
    const inTenant = (data: { thing: string; step: number }) =>
      database.forTenant(acme, (tx) => outbox.record(tx, thingMade, data, callerOf(acme)));

    await expect(inTenant({ thing: 'a', step: 1.5 })).rejects.toThrow('step');
    await expect(inTenant({ thing: 'x'.repeat(1_000_001), step: 1 })).rejects.toMatchObject({ code: 'payload_too_large' });
    const { tenantId: _tenant, ...nobodys } = callerOf(acme);
    await expect(
      database.asSystem('test', (tx) => outbox.record(tx, thingMade, { thing: 'a', step: 1 }, nobodys)),
    ).rejects.toThrow('no tenant');
    await database.asSystem('test', (tx) => outbox.record(tx, thingMade, { thing: 'a', step: 1 }, nobodys, { tenantId: globex }));
    expect(await world().rows('select tenant_id from outbox')).toEqual([{ tenant_id: globex }]);
  });

  it('publish facts that were made before the transaction, in the order given, also from a burst', async () => {
    const broker = new FakeBroker();
    const relay = await relayOver(world(), { transport: broker });
    const outbox = new Outbox('demo', relay);
    const text = `quotes ' " \\ and \\u0000`;
    const facts = [1, 2, 3].map((step) => outbox.fact(thingMade, { thing: text.slice(step), step }, callerOf(acme)));
    const same = [4, 5, 6, 7].map((step) => outbox.fact(thingMade, { thing: 'a', step }, callerOf(globex)));
    const data = outbox.fact(thingMade, { thing: 'b', step: 8 }, callerOf(acme), { tenantId: globex });

    await world().database.burstForTenant(acme, (tx) => outbox.recordAll(tx, facts.slice(0, 1)));
    await world().database.burstAsSystem('test', (tx) => outbox.recordAll(tx, [...same, data]));
    await world().database.forTenant(acme, (tx) => outbox.recordAll(tx, []));
    await eventually(async () => (await unpublished(world())) === 0);

    expect(broker.taken.filter(({ subject }) => subject === 'thing:a')).toEqual(same.map(({ event }) => event));
    expect(broker.taken).toContainEqual(facts[0]?.event);
    expect(broker.taken.find(({ subject }) => subject === 'thing:b')?.tenantid).toBe(globex);
  });

  it('publish what is recorded while the one before it is being marked', async () => {
    const broker = new FakeBroker();
    const { database } = world();
    let looked = 0;
    let beforeMarked = async (): Promise<void> => undefined;
    const slowToMark = databaseOf(database, (run) =>
      database.asSystem('test', async (tx) => {
        const result = await run(tx);
        if (broker.taken.length === 1) await beforeMarked();
        looked += 1;
        return result;
      }),
    );
    await record(world(), nobody, ['a', 1]);
    beforeMarked = async () => {
      beforeMarked = async () => undefined;
      // The embedded database has one transaction at a time.
      if (database.embedded) return;
      await detached(() => record(world(), nobody, ['a', 2]));
      const before = looked;
      relay.nudge();
      await eventually(() => looked > before);
    };

    const relay = await relayOver(world(), { transport: broker, pollMs: 60_000, database: slowToMark });
    if (database.embedded) {
      await record(world(), nobody, ['a', 2]);
      relay.nudge();
    }
    await eventually(async () => (await unpublished(world())) === 0);

    expect(broker.steps).toEqual(['a1', 'a2']);
  });

  it('keep the order of each resource when a publish fails, and let others pass', async () => {
    const broker = new FakeBroker();
    let failures = 2;
    broker.decide = ({ data }) => {
      if (data['thing'] === 'a' && data['step'] === 2 && failures-- > 0) throw new Error('the broker is away');
    };
    await record(world(), nobody, ['a', 1], ['a', 2], ['b', 1], ['a', 3], ['b', 2], ['a', 1, globex]);

    await relayOver(world(), { transport: broker });
    await eventually(async () => (await unpublished(world())) === 0);

    expect(broker.steps.filter((step) => step.startsWith('a') && step !== 'a1')).toEqual(['a2', 'a3']);
    expect(broker.steps.indexOf('b2')).toBeLessThan(broker.steps.indexOf('a2'));
    expect(broker.steps.toSorted()).toEqual(['a1', 'a1', 'a2', 'a3', 'b1', 'b2']);
  });

  it('keep everything while the broker is away, count the tries, and go on when it is back', async () => {
    const broker = new FakeBroker();
    broker.decide = () => Promise.reject(new Error('no connection\u0000'));
    await record(world(), nobody, ...Array.from({ length: 30 }, (_, step): [string, number] => [`thing${step % 7}`, step]));

    const relay = await relayOver(world(), { transport: broker });
    await eventually(async () => {
      const tried = await world().rows(`select 1 from outbox where attempts >= 2 and last_error = 'no connection'`);
      return tried.length > 0;
    }, 10_000);
    expect(await unpublished(world())).toBe(30);
    broker.decide = () => undefined;
    relay.nudge();
    await eventually(async () => (await unpublished(world())) === 0, 10_000);

    expect(broker.taken).toHaveLength(30);
    for (let thing = 0; thing < 7; thing += 1) {
      const steps = broker.taken
        .filter(({ data }) => data['thing'] === `thing${thing}`)
        .map(({ data }) => data['step'] as number);
      expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    }
  });

  it('work in parallel over one outbox without doubling or reordering', async () => {
    const transport = new FakeBroker();
    const relays = await Promise.all([1, 2, 3].map(() => relayOver(world(), { transport, batch: 5 })));
    const steps = Array.from({ length: 120 }, (_, step): [string, number] => [`thing${step % 6}`, step]);

    await Promise.all(steps.map((step, index) => record(world(), relays[index % 3] ?? nobody, step)));
    await eventually(async () => (await unpublished(world())) === 0, 20_000);

    expect(transport.taken).toHaveLength(120);
    for (let thing = 0; thing < 6; thing += 1) {
      const published = transport.taken.filter(({ data }) => data['thing'] === `thing${thing}`).map(({ id }) => id);
      const recorded = await world().rows<{ event_id: string }>('select event_id from outbox where resource = $1 order by seq', [
        `thing:thing${thing}`,
      ]);
      expect(published).toEqual(recorded.map((row) => row.event_id));
    }
  });

  it('publish again what a relay had claimed when it died: at once where the process is the only one, else after the lease', async () => {
    await record(world(), nobody, ['a', 1], ['a', 2], ['b', 1]);
    const dead = new FakeBroker();
    dead.decide = () => new Promise(() => undefined);
    const dying = mortal(world().database);
    await new OutboxRelay({ ...dying, transport: dead, leaseMs: 600 }).start();
    await eventually(async () => (await world().rows('select 1 from outbox where claimed_until is not null')).length === 3);
    dying.kill();

    const begun = performance.now();
    const broker = new FakeBroker();
    await relayOver(world(), { transport: broker });
    await eventually(async () => (await unpublished(world())) === 0);

    expect(broker.steps.toSorted()).toEqual(['a1', 'a2', 'b1']);
    const leastMs = world().database.embedded ? 0 : 200;
    expect(performance.now() - begun).toBeGreaterThan(leastMs);
  });

  it('keep the lease while a publish takes long', async () => {
    await record(world(), nobody, ['a', 1]);
    const slow = new FakeBroker();
    let finish: () => void = () => undefined;
    slow.decide = () => new Promise<void>((resolve) => (finish = resolve));
    await relayOver(world(), { transport: slow, leaseMs: 300 });
    await eventually(async () => (await world().rows('select 1 from outbox where claimed_until is not null')).length === 1);
    const other = new FakeBroker();
    const database = { ...databaseOf(world().database), embedded: false };
    await relayOver(world(), { transport: other, database });

    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(other.taken).toEqual([]);
    finish();
    await eventually(async () => (await unpublished(world())) === 0);

    expect(other.taken).toEqual([]);
  });

  it('publish again what was published and not marked; the consumer’s inbox knows it', async () => {
    const inbox = new Inbox(world().database);
    const outcomes: string[] = [];
    const consume = async (event: EventEnvelope) => {
      outcomes.push(await inbox.once(deliveryOf(event), (tx) => effect(tx, event.subject)));
    };
    await record(world(), nobody, ['a', 1]);
    const broker = new FakeBroker();
    broker.decide = consume;
    await new OutboxRelay({ ...mortal(world().database, true), transport: broker, leaseMs: 300 }).start();
    await eventually(() => outcomes.length === 1);

    await relayOver(world(), { transport: broker });
    await eventually(async () => (await unpublished(world())) === 0);

    expect(outcomes).toEqual(['done', 'duplicate']);
    expect(await world().effects()).toEqual(['thing:a']);
  });

  it('go on when the database was away for a moment', async () => {
    const broker = new FakeBroker();
    let failures = 3;
    const { database } = world();
    const flaky = databaseOf(database, (run) =>
      failures-- > 0 ? Promise.reject(new Error('connection terminated')) : database.burstAsSystem('test', run),
    );
    await record(world(), nobody, ['a', 1], ['b', 1]);

    await relayOver(world(), { transport: broker, database: { ...flaky, embedded: false } });
    await eventually(async () => (await unpublished(world())) === 0);

    expect(broker.taken).toHaveLength(2);
  });

  it('publish again what a broker has lost: everything when its store is another one, the end when that was cut off', async () => {
    const broker = new FakeBroker();
    const relay = await relayOver(world(), { transport: broker });
    const steps = [1, 2, 3, 4, 5, 6, 7].map((step): [string, number] => ['a', step]);
    await record(world(), relay, ...steps);
    await eventually(async () => (await unpublished(world())) === 0);

    broker.state = 'down';
    broker.kept = broker.kept.slice(0, 4);
    await new Promise((resolve) => setTimeout(resolve, 120));
    broker.state = 'up';
    await eventually(() => broker.kept.length === 7);
    expect(broker.steps.slice(7)).toEqual(['a5', 'a6', 'a7']);

    broker.kept = [];
    broker.store = 'second';
    await eventually(() => broker.kept.length === 7);
    await eventually(async () => (await unpublished(world())) === 0);

    expect(broker.steps.slice(10)).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7']);
  });

  it('publish nothing again after a mere absence of the broker, or what only consumers of this process took', async () => {
    const broker = new FakeBroker();
    const relay = await relayOver(world(), { transport: broker });
    await record(world(), relay, ['a', 1], ['b', 1]);
    await eventually(async () => (await unpublished(world())) === 0);
    await world().rows(`update outbox set published_to = null, published_seq = null where resource = 'thing:b'`);

    broker.state = 'down';
    await new Promise((resolve) => setTimeout(resolve, 120));
    broker.state = 'up';
    await record(world(), relay, ['c', 1]);
    await eventually(() => broker.steps.includes('c1'));
    await new Promise((resolve) => setTimeout(resolve, 120));

    expect(broker.steps.toSorted()).toEqual(['a1', 'b1', 'c1']);
  });

  it('give back on closing what is not published yet', async () => {
    await record(world(), nobody, ['a', 1], ['b', 1]);
    const broker = new FakeBroker();
    broker.decide = ({ data }) => (data['thing'] === 'a' ? new Promise(() => undefined) : undefined);
    const relay = new OutboxRelay({ database: world().database, transport: broker });
    await relay.start();
    await eventually(async () => (await unpublished(world())) === 1);

    await relay.close();

    expect(await world().rows('select resource, claimed_by, claimed_until from outbox where published_at is null')).toEqual([
      { resource: 'thing:a', claimed_by: null, claimed_until: null },
    ]);
  });
});

onBothEngines('outbox, in-process transport and inbox', (world) => {
  /** A whole process: relay, transport, and a consumer that fails as it is told. */
  async function boot(fail: (event: EventEnvelope, attempt: number, when: 'before' | 'after') => void = () => undefined) {
    const { database } = world();
    const life = mortal(database);
    const transport = new InProcessTransport({ time: life.time });
    const inbox = new Inbox(database);
    const seen: string[] = [];
    const letters = new DeadLetters(database, (_durable, event) => consumer.replay(event));
    const consumer = await transport.consume(
      {
        durable: 'demo-things',
        types: [thingMade.type],
        backoffMs: [20],
        maxDeliver: 3,
        onDeadLetter: (letter) => letters.keep({ ...letter, durable: 'things' }),
      },
      async (event, attempt) => {
        fail(event, attempt, 'before');
        const outcome = await inbox.once(deliveryOf(event), (tx) => effect(tx, `${event.subject} ${String(event.data['step'])}`));
        seen.push(`${event.subject} ${outcome}`);
        fail(event, attempt, 'after');
      },
    );
    const relay = new OutboxRelay({ ...life, transport, pollMs: 50, leaseMs: 300 });
    await relay.start();
    transport.start();
    const close = async () => {
      await relay.close();
      await transport.close();
    };
    closers.push(close);
    const kill = () => {
      life.kill();
      closers.splice(closers.indexOf(close), 1);
    };
    return { relay, letters, seen, kill };
  }

  it('bring each effect about once, in order per resource', async () => {
    const { relay } = await boot();

    const steps = Array.from({ length: 40 }, (_, step): [string, number] => [`t${step % 4}`, step]);
    for (const step of steps) await record(world(), relay, step);
    await eventually(async () => (await unpublished(world())) === 0, 20_000);

    const effects = await world().effects();
    expect(effects).toHaveLength(40);
    for (let thing = 0; thing < 4; thing += 1) {
      const expected = steps.filter(([name]) => name === `t${thing}`).map(([name, step]) => `thing:${name} ${step}`);
      expect(effects.filter((name) => name.startsWith(`thing:t${thing} `))).toEqual(expected);
    }
  });

  it('bring the effect about once when the consumer fails between its commit and the end of its handler', async () => {
    const { relay, seen } = await boot((_, attempt, when) => {
      if (when === 'after' && attempt === 1) throw new Error('killed after the commit');
    });

    await record(world(), relay, ['a', 1]);
    await eventually(async () => (await unpublished(world())) === 0);

    expect(seen).toEqual(['thing:a done', 'thing:a duplicate']);
    expect(await world().effects()).toEqual(['thing:a 1']);
  });

  it('bring it about once when the process dies in the middle of a delivery', async () => {
    const first = await boot(() => {
      throw new Error('never handled by this process');
    });
    await record(world(), first.relay, ['a', 1], ['a', 2]);
    await eventually(async () => (await world().rows('select 1 from outbox where claimed_until is not null')).length > 0);
    first.kill();

    await boot();
    await eventually(async () => (await unpublished(world())) === 0);

    expect(await world().effects()).toEqual(['thing:a 1', 'thing:a 2']);
  });

  it('keep a poisoned event as a dead letter, go on with the rest, and replay it when it is cured', async () => {
    let cured = false;
    const { relay, letters } = await boot((event) => {
      if (event.data['step'] === 2 && !cured) throw new DomainError('internal', 'always\u0000');
    });

    await record(world(), relay, ['a', 1], ['a', 2], ['a', 3]);
    await eventually(async () => (await unpublished(world())) === 0);
    expect(await world().effects()).toEqual(['thing:a 1', 'thing:a 3']);
    const [letter] = await letters.list({ tenantId: acme });
    expect(letter).toMatchObject({ durable: 'things', attempts: 3, reason: 'internal: always', event: { data: { step: 2 } } });
    const key = { tenantId: acme, durable: 'things', eventId: letter?.event.id ?? 'evt_' } as const;
    expect(await letters.replay(key)).toEqual({ handled: false, reason: 'internal: always' });
    expect(await letters.list({ durable: 'things' })).toMatchObject([{ attempts: 4 }]);

    cured = true;
    expect(await letters.replay(key)).toEqual({ handled: true });

    expect(await world().effects()).toEqual(['thing:a 1', 'thing:a 3', 'thing:a 2']);
    expect(await letters.list()).toEqual([]);
    expect(await letters.replay(key)).toBeUndefined();
  });
});
