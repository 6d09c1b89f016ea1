/** The window that limits are counted over, in milliseconds. */
export const windowMs = 60_000;

/** The requests of one tenant: those of the present window, which began at `startedAt` (Unix ms), and of the one before. */
export interface Count {
  readonly startedAt: number;
  readonly present: number;
  readonly before: number;
}

/** Whether one more request is let in, and how it stands then. */
export interface Verdict {
  readonly allowed: boolean;
  readonly count: Count;
  readonly remaining: number;
  /** Until the next request is let in when this one is not, else until the window ends; at least 1. */
  readonly resetSeconds: number;
}

/**
 * Counts one more request against a limit per minute. The window slides: of the window before, the part that still lies
 * within the last minute counts, so that the turn of a minute lets no double burst through. A refused request is not counted.
 */
export function take(limit: number, earlier: Count | undefined, now: number): Verdict {
  const count = rolled(earlier, now);
  const allowed = roomOf(limit, count, now) >= 1;
  return verdictOf(limit, allowed ? { ...count, present: count.present + 1 } : count, { allowed, now });
}

/** How it stands after a request was let in or refused; `held` are counted already and still free to be used. */
export function verdictOf(
  limit: number,
  count: Count,
  { allowed, now, held = 0 }: { readonly allowed: boolean; readonly now: number; readonly held?: number },
): Verdict {
  const remaining = Math.max(0, Math.floor(roomOf(limit, count, now)) + held);
  const waitMs = allowed ? windowMs - (now - count.startedAt) : waitOf(limit, count, now);
  return { allowed, count, remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}

/** The count as it stands at `now`: when the window is over, what it held lies in the window before. */
export function rolled(earlier: Count | undefined, now: number): Count {
  const startedAt = Math.floor(now / windowMs) * windowMs;
  if (earlier === undefined || startedAt - earlier.startedAt > windowMs) return { startedAt, present: 0, before: 0 };
  return earlier.startedAt === startedAt ? earlier : { startedAt, present: 0, before: earlier.present };
}

/** Milliseconds until enough of the window before has slid out for `wanted` requests, or the window ends. */
export function waitOf(limit: number, { startedAt, present, before }: Count, now: number, wanted = 1): number {
  const untilEnd = startedAt + windowMs - now;
  const room = limit - present - wanted;
  if (room < 0 || before === 0) return untilEnd;
  return Math.min(untilEnd, windowMs * (1 - room / before) - (now - startedAt));
}

/** How many more requests fit, with the part of the window before that still lies within the last minute counted. */
function roomOf(limit: number, { startedAt, present, before }: Count, now: number): number {
  return limit - present - before * (1 - (now - startedAt) / windowMs);
}

/** The `RateLimit` and `RateLimit-Policy` headers (draft-ietf-httpapi-ratelimit-headers). */
export function limitHeaders(limit: number, { remaining, resetSeconds }: Verdict): Record<string, string> {
  return {
    'ratelimit-policy': `"tenant";q=${limit};w=${windowMs / 1000}`,
    ratelimit: `"tenant";r=${remaining};t=${resetSeconds}`,
  };
}
