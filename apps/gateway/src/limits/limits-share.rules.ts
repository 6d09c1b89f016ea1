import { type Count, rolled, take, type Verdict, verdictOf, waitOf, windowMs } from './limits.rules.js';

/** What one process knows of a tenant's requests, and its share of them: a slice that it took from the store. */
export interface Share {
  /** The tenant's requests as the store last told, slices included, and what was let in without the store since. */
  readonly count: Count;
  /** Taken in the window of `count`, and not used yet. */
  readonly held: number;
  /** Let in without the store in the window of `count`, which the store has not been told. */
  readonly alone: number;
  /** How much to take at once, and when that was last done (Unix ms). */
  readonly slice: number;
  readonly slicedAt: number;
  /** Until when (Unix ms) the store need not be asked, since it would refuse under this limit. */
  readonly refusedUntil: number;
  readonly limit: number;
}

/** What the store is asked: how much is wanted, and what the asker knows, should the store have lost it. */
export interface Ask {
  readonly limit: number;
  readonly wanted: number;
  /** The asker's count without what it let in alone. */
  readonly count: Count;
  readonly alone: number;
  /** What the asker took in the window of `count` and did not use, when that window is over. */
  readonly unused: number;
}

/** The store's answer: how much was granted, and the tenant's count with it, on the store's clock. */
export interface Told {
  readonly granted: number;
  readonly count: Count;
  readonly now: number;
}

/** The share after one request, and what became of the request. */
export interface Spent {
  readonly share: Share;
  readonly verdict: Verdict;
}

/** A slice that was used up faster than this grows, one that lasted longer than that shrinks; in milliseconds. */
const growsWithin = 500;
const shrinksAfter = 2_000;

/** The share of a process that knows nothing yet. */
export const noShare: Share = {
  count: { startedAt: 0, present: 0, before: 0 },
  held: 0,
  alone: 0,
  slice: 1,
  slicedAt: 0,
  refusedUntil: 0,
  limit: 0,
};

/** The largest slice: a hundredth of the limit, so that what other processes hold hardly matters. 1 under 200: exact. */
export function largestSlice(limit: number): number {
  return Math.max(1, Math.floor(limit / 100));
}

/** Serves a request from the share; undefined when the store must be asked. */
export function spend(share: Share, limit: number, now: number): Spent | undefined {
  const { count, held } = share;
  const at = Math.max(now, count.startedAt);
  if (held > 0 && isOpen(count, at)) {
    const verdict = verdictOf(limit, count, { allowed: true, now: at, held: held - 1 });
    return { share: { ...share, held: held - 1 }, verdict };
  }
  if (share.refusedUntil <= at || share.limit !== limit) return undefined;
  return { share, verdict: verdictOf(limit, rolled(count, at), { allowed: false, now: at }) };
}

/** Serves a request without the store: from the share, then by counting on from what the store last told. */
export function spendAlone(share: Share, limit: number, now: number): Spent {
  const at = Math.max(now, share.count.startedAt);
  const isSameWindow = isOpen(share.count, at);
  if (isSameWindow && share.held > 0) {
    const held = share.held - 1;
    return { share: { ...share, held }, verdict: verdictOf(limit, share.count, { allowed: true, now: at, held }) };
  }
  const verdict = take(limit, share.count, at);
  const alone = (isSameWindow ? share.alone : 0) + (verdict.allowed ? 1 : 0);
  return { share: { ...share, count: verdict.count, held: 0, alone }, verdict };
}

/** What to ask the store for when `waiting` requests need an answer. */
export function askOf({ count, held, alone, ...share }: Share, limit: number, now: number, waiting: number): Ask {
  const slice = nextSlice(share.slice, now - share.slicedAt, largestSlice(limit));
  return {
    limit,
    wanted: Math.max(slice, waiting),
    count: { ...count, present: count.present - alone },
    alone,
    unused: isOpen(count, now) ? 0 : held,
  };
}

/** The share once the store has answered; `share` may have gone on without the store since it was asked. */
export function answered(share: Share, ask: Ask, { granted, count, now }: Told): Share {
  const slice = Math.min(ask.wanted, largestSlice(ask.limit));
  const wait = granted < ask.wanted ? Math.max(1, waitOf(ask.limit, count, now, slice)) : 0;
  const isSameWindow = share.count.startedAt === ask.count.startedAt;
  const alone = Math.max(0, share.alone - (isSameWindow ? ask.alone : 0));
  return {
    count: { ...count, present: count.present + alone },
    held: granted,
    alone,
    slice,
    slicedAt: now,
    refusedUntil: now + wait,
    limit: ask.limit,
  };
}

/** How much to take after a slice that lasted so long. */
export function nextSlice(slice: number, lastedMs: number, largest: number): number {
  if (lastedMs < growsWithin) return Math.min(largest, slice * 2);
  return Math.min(largest, lastedMs > shrinksAfter ? Math.max(1, Math.floor(slice / 2)) : slice);
}

function isOpen({ startedAt }: Count, now: number): boolean {
  return now < startedAt + windowMs;
}
