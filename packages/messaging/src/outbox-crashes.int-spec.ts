import { afterEach, expect, it } from '@jest/globals';
import { detached } from '@support101/database';
import { eventually } from '@support101/testing';
import { callerOf, onBothEngines, thingMade, type DatabaseWorld } from './both-engines.fixture-spec.js';
import { OutboxRelay } from './outbox-relay.js';
import { FakeBroker, mortal } from './outbox.fixture-spec.js';
import { Outbox } from './outbox.js';
import { acme } from './transport.conformance-spec.js';

/** Long enough that no slow machine ends it for a process that lives. */
const leaseMs = 4_000;
const things = 12;
const steps = 20;

/** Numbers from 0 to 1, the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Life {
  readonly outbox: Outbox;
  readonly alive: boolean;
  kill(): void;
  close(): Promise<void>;
}

/** A process with a relay; killed, it neither writes nor publishes any more. */
async function begin(world: DatabaseWorld, broker: FakeBroker): Promise<Life> {
  const { database, time, kill } = mortal(world.database);
  let alive = true;
  const transport = {
    status: () => broker.status(),
    eventStore: async () => undefined,
    publish: (events: Parameters<FakeBroker['publish']>[0]) =>
      alive ? broker.publish(events) : new Promise<never>(() => undefined),
  };
  // One of several, also on the embedded database.
  const relay = new OutboxRelay({ database: { ...database, embedded: false }, transport, time, pollMs: 100, leaseMs });
  await relay.start();
  return {
    outbox: new Outbox('demo', relay),
    get alive() {
      return alive;
    },
    kill: () => {
      alive = false;
      kill();
    },
    close: () => relay.close(),
  };
}

const lives: Life[] = [];
afterEach(async () => {
  const living = lives.splice(0).filter(({ alive }) => alive);
  await Promise.all(living.map((life) => life.close()));
});

onBothEngines('two relays on one outbox, killed and begun again', (world) => {
  it.each([1, 2, 3])('lose nothing and keep the order of each resource (seed %i)', async (seed) => {
    const random = chance(seed);
    const broker = new FakeBroker();
    broker.decide = async () => {
      const luck = random();
      if (luck < 0.3) await new Promise((resolve) => setTimeout(resolve, luck * 60));
      if (luck > 0.97) throw new Error('the broker is away');
    };
    const living = [await begin(world(), broker), await begin(world(), broker)];
    lives.push(...living);
    let written = 0;

    /** Steps of one thing, each in a transaction that has the thing to itself, by either process. */
    const write = async (thing: string) => {
      for (let step = 0; step < steps; step += 1) {
        const { outbox } = living[random() < 0.5 ? 0 : 1] as Life;
        const fact = outbox.fact(thingMade, { thing, step }, callerOf(acme));
        const rollsBack = random() < 0.1;
        const writing = world().database.forTenant(acme, async (tx) => {
          await tx.query('select pg_advisory_xact_lock(hashtext($1))', [thing]);
          await outbox.recordAll(tx, [fact]);
          if (rollsBack) throw new Error('rolled back');
        });
        await writing.catch((error: Error) => {
          if (!rollsBack) throw error;
          step -= 1;
        });
        written += 1;
        if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, random() * 20));
      }
    };
    const crash = async (after: number, which: 0 | 1) => {
      await eventually(() => written > after, 60_000);
      living[which]?.kill();
      living[which] = await detached(() => begin(world(), broker));
      lives.push(living[which]);
    };
    const writing = Array.from({ length: things }, (_, thing) => write(`t${thing}`));
    await Promise.all([...writing, crash(things * 4, 0), crash(things * 9, 1), crash(things * 15, 0)]);
    const waiting = () => world().rows('select 1 from outbox where published_at is null');
    await eventually(async () => (await waiting()).length === 0, 60_000);

    for (let thing = 0; thing < things; thing += 1) {
      const taken = broker.taken.filter(({ data }) => data['thing'] === `t${thing}`).map(({ data }) => data['step']);
      // What a killed process had not marked comes twice.
      expect([...new Set(taken)]).toEqual(Array.from({ length: steps }, (_, step) => step));
    }
  });
});
