import { JetStreamApiCodes, type StoredMsg } from '@nats-io/jetstream';
import { randomUUID } from 'node:crypto';
import type { NatsLink } from './nats-link.js';
import { clockSubject, isApiError, isMissing, leaseSubject, streamNames } from './nats-streams.js';

/** How often a holder gives a sign of life, in milliseconds. */
export const tickMs = 1_000;
/** A holder that has given no sign for this long is taken for dead. */
const leaseMs = 4_000;
const free = '';

/**
 * A lease that one process at a time holds, kept as the last message of a subject: each holder's sign of life replaces
 * the one before, and only that one. Times are measured by the watching process alone, and how old a sign was when it
 * began to watch by the server's clock alone, so clocks need not agree. A holder that was stopped and goes on may believe
 * in its lease for a second more.
 */
export class NatsLease {
  readonly #owner = randomUUID();
  readonly #subject: string;
  #sequence = 0;
  #seenAt = 0;
  /** Whether the last holder this process has seen let others have it. */
  #freed = true;
  #held = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();

  constructor(
    private readonly link: NatsLink,
    name: string,
    /** Told when this process becomes the holder; `lastSignAt` (of `performance.now`) if the one before gave no sign any more. */
    private readonly onHeld: (lastSignAt: number | undefined) => void,
  ) {
    this.#subject = leaseSubject(name);
  }

  /** True while this process is the holder. */
  get held(): boolean {
    return this.#held;
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
    if (this.#held && this.link.up) await this.#write(free).catch(() => undefined);
    this.#held = false;
  }

  async #tick(): Promise<void> {
    try {
      if (this.#held) await this.#write(this.#owner);
      else if (await this.#mayTake()) await this.#take();
    } catch (error) {
      // Somebody else wrote after us, or nobody can tell: then it is lost when the others may think so too.
      const overtaken = isMissing(error) || isApiError(error, JetStreamApiCodes.StreamWrongLastSequence);
      if (overtaken || performance.now() - this.#seenAt > leaseMs - tickMs) this.#held = false;
    }
  }

  async #take(): Promise<void> {
    const lastSignAt = this.#freed ? undefined : this.#seenAt;
    await this.#write(this.#owner);
    this.#held = true;
    this.onHeld(lastSignAt);
  }

  async #mayTake(): Promise<boolean> {
    const last = await this.#last(this.#subject);
    if (last === null) {
      this.#sequence = 0;
      this.#freed = true;
      return true;
    }
    const holder = last.string();
    this.#freed = holder === free || holder === this.#owner;
    if (last.seq !== this.#sequence) {
      // Who watches sees each sign in its second; who has just begun may see one that was there long before.
      const ageMs = this.#sequence === 0 && !this.#freed ? await this.#ageOf(last) : 0;
      this.#sequence = last.seq;
      this.#seenAt = performance.now() - ageMs;
    }
    return this.#freed || performance.now() - this.#seenAt >= leaseMs;
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

  /** Fails when anybody has written since what this process has seen last. */
  async #write(holder: string): Promise<void> {
    const expect = { streamName: streamNames.leases, lastSubjectSequence: this.#sequence };
    const ack = await this.link.js.publish(this.#subject, holder, { expect, timeout: tickMs });
    this.#sequence = ack.seq;
    this.#seenAt = performance.now();
  }
}
