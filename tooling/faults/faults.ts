import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Customer } from './customer.ts';
import { Load } from './load.ts';
import { assess } from './oracle.ts';
import { killEverywhere } from './matrix.ts';
import { minuteWithoutNats, round } from './plan.ts';
import { Random, seedOf } from './random.ts';
import { World } from './world.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '3' },
    replicas: { type: 'string', default: '1' },
    matrix: { type: 'boolean', default: false },
    clients: { type: 'string', default: '5' },
  },
});
const root = new URL('../../', import.meta.url);
const seed = seedOf(values.seed ?? process.env['FAULT_SEED']);
const minutes = Number(values.minutes);
const say = (line: string) => void process.stdout.write(`${line}\n`);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** How long the product took to be well again, by fault. */
type Recoveries = Map<string, number[]>;

async function happen(world: World, random: Random): Promise<Recoveries> {
  const recoveries: Recoveries = new Map();
  const until = performance.now() + minutes * 60_000;
  // The long one is worth its time only where there is enough of it.
  let faults = minutes >= 3 ? [minuteWithoutNats, ...round(world, random)] : round(world, random);
  while (performance.now() < until) {
    const fault = faults.shift();
    if (fault === undefined) {
      faults = round(world, random);
      continue;
    }
    await new Promise((resolve) => setTimeout(resolve, random.below(3_000)));
    const took = await fault.happen(world, random);
    recoveries.set(fault.name, [...(recoveries.get(fault.name) ?? []), took]);
    say(`  ${fault.name.padEnd(28)} well again after ${seconds(took)}`);
  }
  return recoveries;
}

function summary(all: readonly number[]) {
  const sorted = all.toSorted((a, b) => a - b);
  return { times: all.length, medianMs: Math.round(sorted[(all.length - 1) >> 1] ?? 0), maxMs: Math.round(sorted.at(-1) ?? 0) };
}

async function run(world: World): Promise<boolean> {
  const random = new Random(seed);
  const names = Array.from({ length: Number(values.clients) }, (_, index) => `Customer ${index + 1}`);
  const customers = await Promise.all(names.map((name) => Customer.open(world.door, name)));
  const loads = customers.map((customer) => new Load(customer, new Random(random.below(1_000_000))));
  // The first one also makes the customer whose runs tell when the product is well again.
  await world.recovered();
  const recoveries = await happen(world, random);
  await Promise.all(loads.map((load) => load.stop()));
  const verdicts = await Promise.all(customers.map((customer) => assess(customer, world.door)));
  const found = {
    lost: verdicts.flatMap(({ lost }) => lost),
    doubled: verdicts.flatMap(({ doubled }) => doubled),
    refused: loads.flatMap(({ refused }) => refused),
    fallen: world.fallen,
  };
  const result = {
    seed,
    minutes,
    replicas: Number(values.replicas),
    clients: customers.length,
    cores: cpus().length,
    acknowledged: verdicts.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    lost: found.lost.length,
    doubled: found.doubled.length,
    refused: found.refused.length,
    fallen: found.fallen.length,
    retries: customers.reduce((sum, customer) => sum + customer.api.retries, 0),
    longestOperationMs: Math.round(Math.max(...loads.map(({ longestMs }) => longestMs))),
    recovery: Object.fromEntries([...recoveries].map(([name, all]) => [name, summary(all)])),
    recoveryOfAll: summary([...recoveries.values()].flat()),
  };
  mkdirSync(new URL('bench/results/', root), { recursive: true });
  writeFileSync(new URL('bench/results/faults.json', root), `${JSON.stringify(result, undefined, 2)}\n`);
  for (const [kind, findings] of Object.entries(found)) for (const finding of findings) say(`  ${kind}: ${finding}`);
  const { recoveryOfAll } = result;
  say(
    `\n  ${result.acknowledged} operations acknowledged, ${result.lost} lost, ${result.doubled} doubled, ${result.refused} refused`,
  );
  say(
    `  ${recoveryOfAll.times} faults, well again after ${seconds(recoveryOfAll.medianMs)} (median), ${seconds(recoveryOfAll.maxMs)} (longest)`,
  );
  return Object.values(found).every((findings) => findings.length === 0);
}

/** Every service at every step, without load besides; prints, keeps nothing. */
async function matrix(world: World): Promise<boolean> {
  const verdicts = await killEverywhere(world, new Random(seed), say);
  const wrong = [...verdicts.flatMap(({ lost, doubled }) => [...lost, ...doubled]), ...world.fallen];
  for (const finding of wrong) say(`  ${finding}`);
  say(`\n  ${verdicts.length} loops, ${wrong.length} things lost or doubled`);
  return wrong.length === 0;
}

say(`  seed ${seed}, ${minutes} min: npm run test:faults -- --seed ${seed} --minutes ${minutes}`);
const world = await World.start(root, Number(values.replicas));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void world.stop().finally(() => process.exit(130)));
}
try {
  if (!(await (values.matrix ? matrix(world) : run(world)))) process.exitCode = 1;
} finally {
  await world.stop();
}
