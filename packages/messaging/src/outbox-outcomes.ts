import type { Tx } from '@support101/database';
import { giveBack, mark, type HeldEvent, type PublishedEvent, type ReturnedEvent } from './outbox-rows.js';
import type { PublishResult } from './transport.js';

/**
 * Marks wait this long for others, in milliseconds: in a flow of events one transaction marks many, at most ten a
 * second. What a crash leaves unmarked is published again, so it is not more; other relays may wait for a mark.
 */
const gatherMs = 100;
/** So many are not waited with. */
const gatherAtMost = 200;

/** An event that goes back to the table, with what went wrong if it was tried. */
export interface Returned<Held extends HeldEvent = HeldEvent> {
  readonly held: Held;
  readonly error: Error | undefined;
}

/** Tells the published from the failed. */
export function sorted<Held extends HeldEvent>(
  held: readonly Held[],
  results: readonly PublishResult[],
): { published: PublishedEvent[]; failed: Returned<Held>[] } {
  const published: PublishedEvent[] = [];
  const failed: Returned<Held>[] = [];
  held.forEach((each, index) => {
    const result = results[index];
    if (result?.ok === true) published.push({ held: each, storedAt: result.storedAt });
    else failed.push({ held: each, error: result?.error ?? new Error('the transport did not answer') });
  });
  return { published, failed };
}

/** How outcomes are written. */
export interface OutcomesPorts {
  now(): Date;
  transact(run: (tx: Tx) => Promise<void>): Promise<void>;
  written(published: readonly PublishedEvent[], returned: readonly ReturnedEvent[]): void;
  /** The outcomes are kept and written with the next. */
  failed(error: unknown): void;
}

/** Writes what became of events: one transaction at a time, for all there are. */
export class OutboxOutcomes {
  #published: PublishedEvent[] = [];
  #returned: ReturnedEvent[] = [];
  #writing: Promise<void> | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #due = false;

  constructor(private readonly ports: OutcomesPorts) {}

  /** Notes outcomes. Marks are gathered unless `soon`; what goes back is written at once. */
  add(published: readonly PublishedEvent[], returned: readonly ReturnedEvent[], soon: boolean): void {
    this.#published.push(...published);
    this.#returned.push(...returned);
    if (soon || returned.length > 0 || this.#published.length >= gatherAtMost) return void this.write();
    // Not the clock of the relay: a test that stops that one still waits for marks.
    this.#gathering ??= setTimeout(() => void this.write(), gatherMs).unref();
  }

  /** Resolves when everything is written, or cannot be now. */
  write(): Promise<void> {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#due = true;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#due && this.#published.length + this.#returned.length > 0) {
      this.#due = false;
      const [published, returned] = [this.#published, this.#returned];
      [this.#published, this.#returned] = [[], []];
      try {
        await this.ports.transact((tx) => this.#writeOnce(tx, published, returned));
      } catch (error) {
        this.#published.unshift(...published);
        this.#returned.unshift(...returned);
        return this.ports.failed(error);
      }
      this.ports.written(published, returned);
    }
  }

  /** Both statements are sent before it first waits. */
  async #writeOnce(tx: Tx, published: readonly PublishedEvent[], returned: readonly ReturnedEvent[]): Promise<void> {
    await Promise.all([
      published.length > 0 ? mark(tx, published, this.ports.now()) : undefined,
      returned.length > 0 ? giveBack(tx, returned) : undefined,
    ]);
  }
}
