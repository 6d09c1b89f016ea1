interface Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly run: () => unknown;
}

/** A clock that stands still until a test moves it. Fits wherever a `Clock` of service-kit is asked for. */
export class VirtualClock {
  #nowMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** Starts at the given time; without one at 2026-01-05T09:00:00Z, a Monday. */
  constructor(start: Date | string = '2026-01-05T09:00:00.000Z') {
    this.#nowMs = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  /** Runs `run` once the clock has been moved by `delayMs` milliseconds; the answer cancels it. */
  schedule(delayMs: number, run: () => unknown): () => void {
    const timer = { dueAt: this.#nowMs + Math.max(0, delayMs), order: (this.#order += 1), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Resolves once the clock has been moved by `delayMs` milliseconds. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.schedule(delayMs, resolve));
  }

  /** How many scheduled calls have not run yet. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves the clock forward, running what falls due on the way in order, each at its own time and awaited. */
  async advance(byMs: number): Promise<void> {
    const target = this.#nowMs + byMs;
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#timers.delete(next);
      this.#nowMs = next.dueAt;
      await next.run();
      await settleMicrotasks();
    }
    this.#nowMs = target;
    await settleMicrotasks();
  }

  /** Puts the clock to a time without running anything: what a restarted process finds. */
  set(to: Date | string): void {
    this.#nowMs = new Date(to).getTime();
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt > until) continue;
      if (next === undefined || timer.dueAt < next.dueAt || (timer.dueAt === next.dueAt && timer.order < next.order))
        next = timer;
    }
    return next;
  }
}

/** Lets continuations of what a timer resolved run, so that they can schedule their own timers before the next one. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
