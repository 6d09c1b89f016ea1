import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type ServiceProcess } from '@support101/testing';
import { Customer } from '../../tooling/faults/customer.js';
import { Load } from '../../tooling/faults/load.js';
import { assess } from '../../tooling/faults/oracle.js';
import { Random, seedOf } from '../../tooling/faults/random.js';
import { World } from '../../tooling/faults/world.js';

// Engines that go away under a steady small load. `npm run test:faults` has longer outages, and kills.

const seed = seedOf(process.env['FAULT_SEED']);
const recoveryMs = 60_000;
let world: World;
let customers: Customer[];
let loads: Load[];

beforeAll(async () => {
  world = await World.start(new URL('../../', import.meta.url), 1);
  // The first time it also makes a customer of its own.
  await world.recovered();
  customers = await Promise.all(['Acme', 'Globex'].map((name) => Customer.open(world.door, name)));
  const random = new Random(seed);
  loads = customers.map((customer) => new Load(customer, new Random(random.below(1_000_000))));
}, 180_000);

afterAll(async () => {
  await world?.stop();
});

interface Readiness {
  readonly status: number;
  readonly parts: readonly { readonly part: string; readonly state: string }[];
}

async function readiness({ managementUrl }: ServiceProcess): Promise<Readiness> {
  const response = await fetch(`${managementUrl}/health/ready`);
  const { parts } = (await response.json()) as { parts: Readiness['parts'] };
  return { status: response.status, parts };
}

/** Everybody who needs the part says that it is down, and is not ready. */
async function saysDown(part: string): Promise<void> {
  const users = world.product.processes.filter(({ name }) => part === 'commands and events' || name !== 'gateway');
  await eventually(async () => {
    for (const { status, parts } of await Promise.all(users.map(readiness))) {
      expect(status).toBe(503);
      expect(parts).toContainEqual(expect.objectContaining({ part, state: 'down' }));
    }
  }, 20_000);
}

/** How long it took, in milliseconds: for people, as the machine of a test may be busy. */
async function recovery(engine: string): Promise<number> {
  const ms = await world.recovered();
  process.stderr.write(`FAULT_SEED=${seed}: ready again ${(ms / 1000).toFixed(1)} s after ${engine} answers\n`);
  return ms;
}

describe('under load', () => {
  it.each([
    ['nats', 'commands and events', 4_000],
    ['redis', 'jobs and timers', 2_000],
    ['postgres', 'database', 1_000],
  ] as const)(
    'the services say so while %s is away, and are ready again when it is back',
    async (kind, part, awayMs) => {
      await world.engines[kind].stop();
      await saysDown(part);
      await new Promise((resolve) => setTimeout(resolve, awayMs));
      await world.engines[kind].start();

      expect(await recovery(kind)).toBeLessThan(recoveryMs);
      expect(world.fallen).toEqual([]);
    },
    150_000,
  );

  it('a wiped Redis is filled again', async () => {
    await world.wipeRedis();

    expect(await recovery('a wiped Redis')).toBeLessThan(recoveryMs);
  }, 90_000);

  it('everything that was acknowledged is there, once', async () => {
    // A call that was under way when NATS went takes its time; enough has to happen for the verdict to mean something.
    await eventually(() => expect(Math.min(...loads.map(({ done }) => done))).toBeGreaterThan(5), 60_000);
    await Promise.all(loads.map((load) => load.stop()));

    const verdicts = await Promise.all(customers.map((customer) => assess(customer, world.door)));

    expect(loads.flatMap(({ refused }) => refused)).toEqual([]);
    for (const { lost, doubled } of verdicts) expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
    for (const { acknowledged } of verdicts) expect(acknowledged).toBeGreaterThan(5);
  }, 240_000);
});
