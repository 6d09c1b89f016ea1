import type { Random } from './random.ts';
import type { World } from './world.ts';

/** One thing that goes wrong and is put right; gives how long the product took to be well again, in milliseconds. */
export interface Fault {
  readonly name: string;
  happen(world: World, random: Random): Promise<number>;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const longestOutageMs = 4_000;

/** The process is killed and started again at once; how long that takes is part of the recovery. */
function killService(name: string): Fault {
  return {
    name: `kill ${name}`,
    happen: async (world) => {
      const process = world.product.processes.find((each) => each.name === name);
      if (process === undefined) throw new Error(`no process ${name}`);
      const begun = performance.now();
      await process.kill();
      await process.start();
      await world.recovered();
      return performance.now() - begun;
    },
  };
}

/** The engine is away for a while; the recovery counts from when it answers again. */
function engineAway(kind: keyof World['engines'], how: 'kill' | 'stop', awayMs?: number): Fault {
  return {
    name: `${how} ${kind}${awayMs === undefined ? '' : ` for ${awayMs / 1000} s`}`,
    happen: async (world, random) => {
      const engine = world.engines[kind];
      await engine[how]();
      await pause(awayMs ?? random.below(longestOutageMs));
      await engine.start();
      return world.recovered();
    },
  };
}

const wipeRedis: Fault = {
  name: 'wipe redis',
  happen: async (world) => {
    await world.wipeRedis();
    return world.recovered();
  },
};

/** The outage that the product must bear: a minute without the way between its services. */
export const minuteWithoutNats = engineAway('nats', 'stop', 60_000);

/** Every fault once, in an order that the seed decides. */
export function round(world: World, random: Random): Fault[] {
  const faults = [
    ...world.product.processes.map(({ name }) => killService(name)),
    ...(['postgres', 'nats', 'redis'] as const).flatMap((kind) => [engineAway(kind, 'kill'), engineAway(kind, 'stop')]),
    wipeRedis,
  ];
  const order = faults.map((fault) => ({ fault, place: random.next() })).toSorted((a, b) => a.place - b.place);
  return order.map(({ fault }) => fault);
}
