import { JetStreamApiCodes, type StoredMsg } from '@nats-io/jetstream';
import { randomUUID } from 'node:crypto';
import type { NatsLink } from './nats-link.js';
import { clockSubject, isApiError, leaseSubject, streamNames } from './nats-streams.js';

/** How often a holder gives a sign of life, in milliseconds. */
export const tickMs = 1_000;
/** A holder that has given no sign for this long is taken for dead. */
const leaseMs = 4_000;
const free = '';

/** What a lease tells. */
export interface LeaseWatcher {
  /** This process is the holder from now on. */
  onHeld(): void;
  /** It is no longer, as far as it knows. Nobody else may be: it may be told `onHeld` again. */
  onLost(): void;
  /** Another one is; told again with each look. */
  onTaken(): void;
  /** Whether this process can become the holder now. */
  ready(): boolean;
}

/**
 * A lease that one process at a time holds, kept as the last message of a subject: each holder's sign of life replaces
 * the one before, and only that one. Times are measured by the watching process alone, and how old a sign was when it
 * began to watch by the server's clock alone, so clocks need not agree. A holder whose signs do not arrive stops to
 * believe in its lease a second before others may take it, counted from when it sent the last one that did.
 */
export class NatsLease {
  readonly #owner = randomUUID();
  readonly #subject: string;
  #sequence = 0;
  #seenAt = 0;
  #held = false;
  /** Until when a sign that arrived is good for this process, by `performance.now`. */
  #goodUntil = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();

  constructor(
    private readonly link: NatsLink,
    name: string,
    private readonly watcher: LeaseWatcher,
  ) {
    this.#subject = leaseSubject(name);
  }

  /** True while this process is the holder: not a moment longer, even if it could not be told yet. */
  get held(): boolean {
    return this.#held && this.leftMs > 0;
  }

  /** For how long it is the holder if no other sign arrives, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#goodUntil - performance.now());
  }

  /** Tries to become the holder, now and every second, and stays it; resolves after the first try. */
  start(): Promise<void> {
    this.#ticking = this.#tick().finally(() => {
      if (!this.#closed) this.#timer = setTimeout(() => void this.start(), tickMs);
    });
    return this.#ticking;
  }

  /** Lets another process have it at once. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#ticking;
    clearTimeout(this.#end);
    if (this.held && this.link.up) await this.#write(free).catch(() => undefined);
    this.#held = false;
  }

  async #tick(): Promise<void> {
    try {
      if (this.leftMs === 0) this.#lose();
      if (this.#held) await this.#renew();
      else if ((await this.#mayTake()) && this.watcher.ready()) await this.#take();
    } catch {
      // Nobody can tell: then it is lost when its time is over.
    }
  }

  async #renew(): Promise<void> {
    try {
      await this.#sign();
    } catch (error) {
      if (!isApiError(error, JetStreamApiCodes.StreamWrongLastSequence)) throw error;
      // The answer to a sign was lost, or the server lost its memory: it goes on, unless somebody was faster.
      const last = await this.#last(this.#subject);
      if (last !== null && last.string() !== this.#owner) return this.#lose();
      this.#sequence = last?.seq ?? 0;
      await this.#sign();
    }
  }

  async #take(): Promise<void> {
    await this.#sign();
    this.#held = true;
    this.watcher.onHeld();
  }

  #lose(): void {
    clearTimeout(this.#end);
    if (!this.#held) return;
    this.#held = false;
    this.watcher.onLost();
  }

  async #mayTake(): Promise<boolean> {
    const last = await this.#last(this.#subject);
    if (last === null) {
      this.#sequence = 0;
      return true;
    }
    const holder = last.string();
    const isFree = holder === free || holder === this.#owner;
    if (last.seq !== this.#sequence) {
      // Who watches sees each sign in its second; who has just begun may see one that was there long before.
      const ageMs = this.#sequence === 0 && !isFree ? await this.#ageOf(last) : 0;
      this.#sequence = last.seq;
      this.#seenAt = performance.now() - ageMs;
    }
    if (!isFree) this.watcher.onTaken();
    return isFree || performance.now() - this.#seenAt >= leaseMs;
  }

  async #last(subject: string): Promise<StoredMsg | null> {
    const { streams } = this.link.jsm;
    return streams.getMessage(streamNames.leases, { last_by_subj: subject }).catch((error: unknown) => {
      if (isApiError(error, JetStreamApiCodes.NoMessageFound)) return null;
      throw error;
    });
  }

  /**
   * For how long the server has had a sign, in milliseconds: rather too short than too long. Servers before 2.10 tell
   * what time they have only by what they store, so something is stored; another process may be the last to do so.
   */
  async #ageOf(sign: StoredMsg): Promise<number> {
    await this.link.js.publish(clockSubject, '', { expect: { streamName: streamNames.leases }, timeout: tickMs });
    const now = await this.#last(clockSubject);
    // Both are cut to whole milliseconds.
    return now === null ? 0 : Math.max(0, now.time.getTime() - sign.time.getTime() - 1);
  }

  /** A sign of life; good from when it was sent, as its answer may take its time. */
  async #sign(): Promise<void> {
    const sentAt = performance.now();
    await this.#write(this.#owner);
    this.#goodUntil = sentAt + leaseMs - tickMs;
    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.#lose(), this.leftMs);
  }

  /** Fails when anybody has written since what this process has seen last. */
  async #write(holder: string): Promise<void> {
    const expect = { streamName: streamNames.leases, lastSubjectSequence: this.#sequence };
    const ack = await this.link.js.publish(this.#subject, holder, { expect, timeout: tickMs });
    this.#sequence = ack.seq;
  }
}
