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
  const elapsed = now - count.startedAt;
  const carried = count.before * (1 - elapsed / windowMs);
  const allowed = count.present + carried + 1 <= limit;
  const present = count.present + (allowed ? 1 : 0);
  const remaining = Math.max(0, Math.floor(limit - present - carried));
  const waitMs = allowed ? windowMs - elapsed : waitOf(limit, count, elapsed);
  return { allowed, count: { ...count, present }, remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}

function rolled(earlier: Count | undefined, now: number): Count {
  const startedAt = Math.floor(now / windowMs) * windowMs;
  if (earlier === undefined || startedAt - earlier.startedAt > windowMs) return { startedAt, present: 0, before: 0 };
  return earlier.startedAt === startedAt ? earlier : { startedAt, present: 0, before: earlier.present };
}

/** How long until enough of the window before has slid out; the rest of this window when that is not enough. */
function waitOf(limit: number, { present, before }: Count, elapsed: number): number {
  const room = limit - present - 1;
  if (room < 0 || before === 0) return windowMs - elapsed;
  return windowMs * (1 - room / before) - elapsed;
}

/** The `RateLimit` and `RateLimit-Policy` headers (draft-ietf-httpapi-ratelimit-headers). */
export function limitHeaders(limit: number, { remaining, resetSeconds }: Verdict): Record<string, string> {
  return {
    'ratelimit-policy': `"tenant";q=${limit};w=${windowMs / 1000}`,
    ratelimit: `"tenant";r=${remaining};t=${resetSeconds}`,
  };
}
