// What a contest's rounds say: figures, ratios inside rounds, and whether the goals are reached.
import { isConclusive, ratio, spread } from './arithmetic.mjs';

/** The figures of a slice, most telling first; `less` says which direction is better. */
export const metrics = {
  cpu: { title: 'CPU µs', less: true },
  p50: { title: 'p50 ms', less: true },
  p99: { title: 'p99 ms', less: true },
  perSecond: { title: 'per second', less: false },
};

/**
 * One figure of one contestant, round by round.
 * @param {readonly any[]} rounds
 * @param {string} name
 * @param {string} phase
 * @param {string} metric
 * @returns {number[]}
 */
export function series(rounds, name, phase, metric) {
  return rounds.map((round) => {
    const value = round.slices[name]?.[phase]?.[metric];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`${name} has no ${metric} in ${phase}`);
    return value;
  });
}

/**
 * All there is to say about a contest.
 * @param {{ rounds: readonly any[], phases: readonly { name: string }[], ours: string, twice: string, others: readonly string[],
 *   goals: readonly { metric: string, phase: string, against: string, atMost: number }[] }} contest
 */
export function summarise({ rounds, phases, ours, twice, others, goals }) {
  const of = (name, phase, metric) => series(rounds, name, phase, metric);
  const names = [ours, ...others, twice];
  const cases = phases.flatMap(({ name: phase }) => Object.keys(metrics).map((metric) => ({ phase, metric })));
  const figures = names.flatMap((name) => cases.map((each) => ({ name, ...each, ...spread(of(name, each.phase, each.metric)) })));
  const ratios = others.flatMap((against) =>
    cases.map((each) => ({
      against,
      ...each,
      ...ratio(of(ours, each.phase, each.metric), of(against, each.phase, each.metric)),
    })),
  );
  const judged = goals.map((goal) => {
    const { phase, metric, against } = goal;
    const over = ratio(of(ours, phase, metric), of(against, phase, metric));
    const same = ratio(of(twice, phase, metric), of(ours, phase, metric));
    return { ...goal, ratio: over, same, verdict: verdictOn(goal, over.median, same.median) };
  });
  return { figures, ratios, goals: judged, verdict: overall(judged.map(({ verdict }) => verdict)) };
}

function verdictOn({ atMost }, over, same) {
  if (!isConclusive(same)) return 'inconclusive';
  return over <= atMost ? 'reached' : 'missed';
}

/**
 * The verdict on a whole contest: what is inconclusive is neither reached nor missed.
 * @param {readonly string[]} verdicts
 * @returns {'reached' | 'missed' | 'inconclusive'}
 */
export function overall(verdicts) {
  if (verdicts.includes('inconclusive')) return 'inconclusive';
  return verdicts.includes('missed') ? 'missed' : 'reached';
}

/** How the process ends. */
export const exitCodes = { reached: 0, missed: 1, inconclusive: 3 };

/**
 * Where the processor time of a contestant goes, in microseconds per operation: the median of each part.
 * @param {readonly any[]} rounds
 * @param {string} name
 * @param {string} phase
 * @returns {Record<string, number>}
 */
export function cpuParts(rounds, name, phase) {
  const parts = Object.keys(rounds[0].slices[name][phase].cpuByPart);
  const medianOf = (part) => spread(rounds.map((round) => round.slices[name][phase].cpuByPart[part])).median;
  return Object.fromEntries(parts.map((part) => [part, medianOf(part)]));
}
