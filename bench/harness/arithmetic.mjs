// The arithmetic of a contest: nothing here knows of processes or clocks.

/**
 * The middle value; of an even number of values the mean of the two in the middle.
 * @param {readonly number[]} values
 * @returns {number}
 */
export function median(values) {
  if (values.length === 0) throw new RangeError('no values have no median');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The smallest value that at least the given part of all values does not exceed.
 * @param {readonly number[]} values
 * @param {number} part of 1
 * @returns {number}
 */
export function percentile(values, part) {
  if (values.length === 0) throw new RangeError('no values have no percentile');
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

/**
 * Median, lowest and highest.
 * @param {readonly number[]} values
 * @returns {{ median: number, lowest: number, highest: number }}
 */
export function spread(values) {
  return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
}

/**
 * One contestant's figures over another's, inside each round: what a busy machine does to one round it does to both.
 * @param {readonly number[]} ours one figure per round
 * @param {readonly number[]} theirs of the same rounds
 * @returns {{ median: number, lowest: number, highest: number }}
 */
export function ratio(ours, theirs) {
  if (ours.length !== theirs.length) throw new RangeError('ratios are taken inside rounds: there must be as many of each');
  return spread(ours.map((value, round) => value / theirs[round]));
}

/** How far the same contestant measured twice may be from 1 before a contest says nothing. */
export const sameWithin = { lowest: 0.9, highest: 1.1 };

/**
 * @param {number} twice ratio of a contestant to itself
 * @returns {boolean} whether the machine was calm enough for conclusions
 */
export function isConclusive(twice) {
  return twice >= sameWithin.lowest && twice <= sameWithin.highest;
}

/**
 * Time on a processor in microseconds, from the text of /proc/<pid>/task/<tid>/schedstat: its first field, in nanoseconds.
 * @param {string} text
 * @returns {number}
 */
export function schedstatMicroseconds(text) {
  const nanoseconds = /^(\d+) \d+ \d+\s*$/.exec(text)?.[1];
  if (nanoseconds === undefined) throw new TypeError(`not a schedstat: ${JSON.stringify(text.slice(0, 80))}`);
  return Number(nanoseconds) / 1_000;
}

/**
 * What processes used between two looks. One that began in between counts from its beginning; what one that ended in
 * between had used since the first look is lost.
 * @param {ReadonlyMap<number, number>} before microseconds by process id
 * @param {ReadonlyMap<number, number>} after
 * @returns {number}
 */
export function usedBetween(before, after) {
  let used = 0;
  for (const [pid, now] of after) used += now - (before.get(pid) ?? 0);
  return used;
}

/**
 * The contestants in the order of one round: another one begins each time.
 * @template T
 * @param {readonly T[]} all
 * @param {number} round
 * @returns {T[]}
 */
export function rotated(all, round) {
  const first = round % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
