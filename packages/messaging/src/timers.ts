import type { TimeSource } from '@support101/time';

/** What is still to be run later, and can be called off at once. */
export class Timers {
  readonly #cancels = new Set<() => void>();
  #stopped = false;

  constructor(private readonly time: TimeSource) {}

  /** Runs `run` after so many milliseconds, unless stopped before. */
  after(delayMs: number, run: () => unknown): void {
    if (this.#stopped) return;
    const cancel = this.time.schedule(delayMs, () => {
      this.#cancels.delete(cancel);
      return this.#stopped ? undefined : run();
    });
    this.#cancels.add(cancel);
  }

  /** Runs `run` again and again, so many milliseconds apart, until stopped. */
  every(periodMs: number, run: () => unknown): void {
    this.after(periodMs, () => {
      this.every(periodMs, run);
      return run();
    });
  }

  /** Runs nothing any more. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
