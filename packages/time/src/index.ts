/** Where waiting comes from: the system's clock and timers, or a virtual clock that a test moves. */
export interface TimeSource {
  now(): Date;
  /** Runs `run` after `delayMs` milliseconds; the answer cancels it. */
  schedule(delayMs: number, run: () => unknown): () => void;
}

/** setTimeout fires at once beyond this many milliseconds (2^31 - 1, about 24.8 days). */
const longestTimeoutMs = 2_147_483_647;

/** The machine's own clock. Its timers do not keep a process alive that has nothing else to do. */
export const systemTime: TimeSource = {
  now: () => new Date(),
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), longestTimeoutMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Waits for all of `work` however it ends, but no longer than `limitMs` milliseconds. */
export async function settleWithin(time: TimeSource, limitMs: number, work: Iterable<Promise<unknown>>): Promise<void> {
  const all = Promise.allSettled(work);
  await new Promise<void>((resolve) => {
    const cancel = time.schedule(limitMs, () => resolve());
    void all.then(() => {
      cancel();
      resolve();
    });
  });
}
