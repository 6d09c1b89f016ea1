// Contestants are started once, then take turns in short slices; every figure is one of a slice.
import { loadavg } from 'node:os';
import { percentile, rotated, usedBetween } from './arithmetic.mjs';
import { processTimes } from './process-times.mjs';

/**
 * One way to do the work. `operation` does it once; where the work is driven by another process, `slice` does all of a
 * phase there and gives each operation's milliseconds. `pids` names all processes that work, by part. `settle` resolves
 * when what the operations set in motion is done, so that it is counted where it belongs.
 * @typedef {object} Contestant
 * @property {string} name
 * @property {() => Promise<void>} start
 * @property {(phase: Phase) => Promise<unknown>} [operation]
 * @property {(phase: Phase) => Promise<number[]>} [slice]
 * @property {() => Promise<Record<string, number[]>>} pids
 * @property {() => Promise<void>} [settle]
 * @property {() => Promise<void>} stop
 */

/**
 * How a slice works its contestants: so many operations, so many of them at once. What else a phase says is the
 * contestants' business.
 * @typedef {{ name: string, operations: number, concurrency: number }} Phase
 */

/**
 * What one contestant did in one phase of one round; times per operation.
 * @typedef {object} Slice
 * @property {number} cpu microseconds, all processes together
 * @property {Record<string, number>} cpuByPart
 * @property {number} p50 milliseconds
 * @property {number} p99
 * @property {number} perSecond
 */

/**
 * All contestants' slices of one round, by contestant and phase.
 * @typedef {{ order: string[], load: number, slices: Record<string, Record<string, Slice>> }} Round
 */

/**
 * Starts the contestants, warms them up, lets them take turns, and stops them whatever happens.
 * @param {{ contestants: readonly Contestant[], phases: readonly Phase[], rounds: number, warmUp: number, say?: (line: string) => void }} contest
 * @returns {Promise<{ rounds: Round[], loadAverage: { before: number[], after: number[] } }>}
 */
export async function runContest({ contestants, phases, rounds, warmUp, say = () => undefined }) {
  if (rounds < 7) throw new RangeError('fewer than seven rounds say nothing');
  const loadBefore = loadavg();
  try {
    for (const contestant of contestants) {
      say(`starting ${contestant.name}`);
      await contestant.start();
    }
    say('warming up');
    for (const contestant of contestants) for (const phase of phases) await warm(contestant, phase, warmUp);
    const results = [];
    for (let round = 0; round < rounds; round += 1) {
      results.push(await playRound(rotated(contestants, round), phases));
      say(`round ${round + 1} of ${rounds}`);
    }
    return { rounds: results, loadAverage: { before: loadBefore, after: loadavg() } };
  } finally {
    const stopped = await Promise.allSettled(contestants.map((contestant) => contestant.stop()));
    for (const each of stopped) if (each.status === 'rejected') console.error(each.reason);
  }
}

async function warm(contestant, phase, times) {
  for (let done = 0; done < times; done += phase.operations) await work(contestant, phase);
  await contestant.settle?.();
}

async function playRound(contestants, phases) {
  /** @type {Record<string, Record<string, Slice>>} */
  const slices = {};
  for (const contestant of contestants) {
    const ofContestant = (slices[contestant.name] = {});
    for (const phase of phases) ofContestant[phase.name] = await playSlice(contestant, phase);
  }
  return { order: contestants.map(({ name }) => name), load: Number(loadavg()[0].toFixed(2)), slices };
}

async function playSlice(contestant, phase) {
  const before = await timesByPart(contestant);
  const begun = performance.now();
  const latencies = await work(contestant, phase);
  const seconds = (performance.now() - begun) / 1_000;
  await contestant.settle?.();
  const after = await timesByPart(contestant);
  if (latencies.length !== phase.operations) {
    throw new Error(`${contestant.name} did ${latencies.length} of ${phase.operations} operations`);
  }
  const cpuByPart = Object.fromEntries(
    Object.entries(after).map(([part, times]) => [part, usedBetween(before[part] ?? new Map(), times) / phase.operations]),
  );
  return {
    cpu: Object.values(cpuByPart).reduce((sum, each) => sum + each, 0),
    cpuByPart,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    perSecond: phase.operations / seconds,
  };
}

async function timesByPart(contestant) {
  const parts = Object.entries(await contestant.pids());
  return Object.fromEntries(await Promise.all(parts.map(async ([part, pids]) => [part, await processTimes(pids)])));
}

function work(contestant, phase) {
  return contestant.slice === undefined ? takeTurns(() => contestant.operation(phase), phase) : contestant.slice(phase);
}

/**
 * Does `operation` so many times, so many of them at once; gives the milliseconds of each.
 * @param {() => Promise<unknown>} operation
 * @param {{ operations: number, concurrency: number }} phase
 * @returns {Promise<number[]>}
 */
export async function takeTurns(operation, { operations, concurrency }) {
  const latencies = [];
  let begun = 0;
  const worker = async () => {
    while (begun < operations) {
      begun += 1;
      const start = performance.now();
      await operation();
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return latencies;
}
