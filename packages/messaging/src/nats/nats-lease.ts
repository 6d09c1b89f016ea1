import { JetStreamApiCodes } from '@nats-io/jetstream';
import { randomUUID } from 'node:crypto';
import type { NatsLink } from './nats-link.js';
import { isApiError, isMissing, leaseSubject, streamNames } from './nats-streams.js';

/** How often a holder gives a sign of life, in milliseconds. */
export const tickMs = 1_000;
/** A holder that has given no sign for this long is taken for dead. */
const leaseMs = 4_000;
const free = '';

/**
 * A lease that one process at a time holds, kept as the last message of a subject: each holder's sign of life replaces
 * the one before, and only that one. Times are measured by the watching process alone, so clocks need not agree. A
 * holder that was stopped and goes on may believe in its lease for a second more.
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
    const last = await this.link.jsm.streams
      .getMessage(streamNames.leases, { last_by_subj: this.#subject })
      .catch((error: unknown) => {
        if (isApiError(error, JetStreamApiCodes.NoMessageFound)) return null;
        throw error;
      });
    if (last === null) {
      this.#sequence = 0;
      this.#freed = true;
      return true;
    }
    if (last.seq !== this.#sequence) {
      this.#sequence = last.seq;
      this.#seenAt = performance.now();
    }
    const holder = last.string();
    this.#freed = holder === free || holder === this.#owner;
    return this.#freed || performance.now() - this.#seenAt >= leaseMs;
  }

  /** Fails when anybody has written since what this process has seen last. */
  async #write(holder: string): Promise<void> {
    const expect = { streamName: streamNames.leases, lastSubjectSequence: this.#sequence };
    const ack = await this.link.js.publish(this.#subject, holder, { expect, timeout: tickMs });
    this.#sequence = ack.seq;
    this.#seenAt = performance.now();
  }
}
