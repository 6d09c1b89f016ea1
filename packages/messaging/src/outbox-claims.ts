import { detached, type Tx } from '@support101/database';
import type { MessagingLog } from './messaging-log.js';
import { claim, type HeldEvent } from './outbox-rows.js';
import type { Timers } from './timers.js';

/** What looking for rows depends on; times in milliseconds. */
export interface ClaimsOptions {
  readonly owner: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly batch: number;
  readonly log: MessagingLog;
  readonly timers: Timers;
  now(): number;
  /** How many more rows may be held. */
  room(): number;
  transact<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
  /** Takes claimed rows, oldest first. */
  take(held: readonly HeldEvent[]): void;
}

/** What is to be looked for within this time of the last look is looked for together, in milliseconds. */
const gatherMs = 10;
const firstPauseMs = 200;
const longestPauseMs = 2_000;

/** How long something that has failed so often is left alone, in milliseconds. */
export function pauseAfter(attempts: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 10));
}

/** Claims rows that wait in the table: of other processes, those that were not born claimed, and those that have failed. */
export class OutboxClaims {
  #state: 'new' | 'running' | 'stopped' = 'new';
  #wanted = false;
  #claiming: Promise<void> | undefined;
  #failures = 0;
  #pausedUntil = 0;
  #lookedAt = -gatherMs;
  #fullBatch = false;
  /** At the last look rows waited whose turn had not come. */
  #left = false;
  #nextLookMs = gatherMs;

  constructor(private readonly options: ClaimsOptions) {}

  /** True while nothing is claimed because publishing has failed. */
  get paused(): boolean {
    return this.options.now() < this.#pausedUntil;
  }

  /** Looks from now on: at once, and when told. */
  start(): void {
    this.#state = 'running';
    this.look();
  }

  /** Claims nothing more; resolves when nothing is being claimed. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    await this.#claiming;
  }

  /** Looks now: something waits in the table. */
  look(): void {
    this.#wanted = true;
    if (this.#state !== 'running' || this.#claiming !== undefined || this.paused) return;
    this.#claiming = detached(() => this.#claimAll()).finally(() => {
      this.#claiming = undefined;
      if (this.#wanted && this.options.room() > 0) this.look();
    });
  }

  /** Looks now for a row whose turn may not have come, and then again and again until it had. */
  lookFor(): void {
    this.#nextLookMs = gatherMs;
    this.look();
  }

  /** Rows were marked or given back: those behind them may have their turn. */
  moved(): void {
    if (this.#left || this.#wanted) this.look();
  }

  /** Publishing works: the next pause is a short one again. */
  worked(): void {
    this.#failures = 0;
  }

  /** After a failure nothing is claimed for a while; longer with each further one. */
  pause(): void {
    // The failures of one batch are one failure.
    if (this.paused) return;
    this.#failures += 1;
    const pauseMs = pauseAfter(this.#failures);
    this.#pausedUntil = this.options.now() + pauseMs;
    this.options.timers.after(pauseMs, () => this.look());
  }

  async #claimAll(): Promise<void> {
    try {
      while (this.#wanted && this.#state === 'running' && this.options.room() > 0) {
        await this.#gather();
        this.#wanted = false;
        await this.#claimBatch(Math.min(this.options.batch, this.options.room()));
      }
    } catch (error) {
      this.options.log.warn({ error }, 'the outbox could not be read');
      this.pause();
    }
  }

  /** The first look after a while is at once; in a flow of events, one look finds many. A full batch is not waited for. */
  async #gather(): Promise<void> {
    const waitMs = this.#fullBatch ? 0 : this.#lookedAt + gatherMs - performance.now();
    if (waitMs > 0 && this.#state === 'running') await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#lookedAt = performance.now();
  }

  async #claimBatch(limit: number): Promise<void> {
    const { owner, leaseMs, now, transact, take } = this.options;
    const at = now();
    const { held, left } = await transact((tx) => claim(tx, { owner, now: at, until: at + leaseMs }, limit));
    this.#fullBatch = held.length === limit;
    if (this.#fullBatch) this.#wanted = true;
    this.#left = left;
    if (held.length > 0) {
      this.#nextLookMs = gatherMs;
      take(held);
    } else if (left) this.#lookAgain();
  }

  /** A row may wait for another relay's mark. Less and less often, until the poll is as often. */
  #lookAgain(): void {
    if (this.#nextLookMs >= this.options.pollMs) return;
    this.options.timers.after(this.#nextLookMs, () => this.look());
    this.#nextLookMs *= 2;
  }
}
