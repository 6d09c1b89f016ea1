import type { EventEnvelope } from '@support101/contracts';
import type { MessagingLog } from './messaging-log.js';
import { settleWithin, type TimeSource } from '@support101/time';
import { consumeDefaults, drainMs, isUndeliverable, type ConsumeOptions, type EventHandler } from './transport.js';

/** An event on its way through a durable. */
interface Entry {
  /** A copy of the event: each delivery gets its own. */
  readonly copy: () => EventEnvelope;
  /** Replays are tried once and told how it ended. */
  readonly replay: boolean;
  attempt: number;
  resolve(): void;
  reject(error: Error): void;
}

/** The events of one resource: one after the other, the first one may be waiting for its next try. */
interface Lane {
  readonly entries: Entry[];
  busy: boolean;
}

type Policy = Required<Omit<ConsumeOptions, 'onDeadLetter' | 'durable' | 'types'>>;

/** Wait between two attempts to keep a dead letter, in milliseconds. */
const keepAgainMs = 1_000;

/** How an event came to a durable. */
export interface Arrival {
  /** Tried once only, and its failure is told. */
  readonly replay?: boolean;
  /** Deliveries that were made before, elsewhere. */
  readonly attemptsBefore?: number;
}

/**
 * The events of one durable in this process, in lanes: one lane per resource, worked one event after the other, up to
 * `concurrency` lanes at once. It outlives its consumers, as a durable of a broker does.
 */
export class EventLanes {
  readonly name: string;
  readonly types = new Set<string>();
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: string[] = [];
  readonly #consumers: EventHandler[] = [];
  readonly #running = new Set<Promise<void>>();
  /** The deliveries that a pause interrupts. */
  readonly #interruptible = new Set<AbortController>();
  #options: ConsumeOptions;
  #next = 0;
  #pending = 0;
  #paused = false;
  #pauses = 0;
  #closed = false;

  constructor(
    options: ConsumeOptions,
    private readonly time: TimeSource,
    private readonly log: MessagingLog,
    /** Asked before and after each delivery: if it says no, what came of it does not count, and all waits for `resume`. */
    private readonly mayDeliver: () => boolean = () => true,
  ) {
    this.name = options.durable;
    this.#options = options;
  }

  /** Events taken and not settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Of these, deliveries that are running. */
  get running(): number {
    return this.#running.size;
  }

  /** Adds a consumer; several of one durable take turns. The newest one's options hold. */
  attach(options: ConsumeOptions, handler: EventHandler): () => Promise<void> {
    this.#options = options;
    for (const type of options.types) this.types.add(type);
    this.#consumers.push(handler);
    this.#pump();
    return async () => {
      const index = this.#consumers.indexOf(handler);
      if (index >= 0) this.#consumers.splice(index, 1);
      await settleWithin(this.time, drainMs, this.#running);
    };
  }

  /**
   * Takes the event that `copy` gives, a new one each time. Resolves when it is handled or dead-lettered; rejects when
   * the durable closes before.
   */
  take(key: string, copy: () => EventEnvelope, { replay = false, attemptsBefore = 0 }: Arrival = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error(`${this.name}: the transport is closed`));
      const lane = this.#lanes.get(key) ?? { entries: [], busy: false };
      lane.entries.push({ copy, replay, attempt: attemptsBefore, resolve, reject });
      this.#pending += 1;
      if (lane.entries.length === 1) {
        this.#lanes.set(key, lane);
        this.#ready.push(key);
      }
      this.#pump();
    });
  }

  /** Hands nothing on until `resume`. What is running is aborted and stays first in its lane; the try does not count. */
  pause(reason: Error): void {
    this.#paused = true;
    this.#pauses += 1;
    for (const controller of this.#interruptible) controller.abort(reason);
  }

  resume(): void {
    this.#paused = false;
    this.#pump();
  }

  /** Rejects all that it holds, and forgets it: whatever comes of what is running. */
  drop(reason: Error): void {
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    this.#ready.length = 0;
    this.#pending = 0;
    for (const lane of lanes) for (const entry of lane.entries) entry.reject(reason);
  }

  /** Waits for deliveries that are running, then rejects what is left: it is still where it came from. */
  async close(): Promise<void> {
    this.#closed = true;
    await settleWithin(this.time, drainMs, this.#running);
    this.drop(new Error(`${this.name}: the transport was closed`));
  }

  get #policy(): Policy {
    const { backoffMs, maxDeliver, ackWaitMs, concurrency } = this.#options;
    return {
      backoffMs: backoffMs ?? consumeDefaults.backoffMs,
      maxDeliver: maxDeliver ?? consumeDefaults.maxDeliver,
      ackWaitMs: ackWaitMs ?? consumeDefaults.ackWaitMs,
      concurrency: concurrency ?? consumeDefaults.concurrency,
    };
  }

  get #delivers(): boolean {
    return !this.#closed && !this.#paused && this.#consumers.length > 0 && this.mayDeliver();
  }

  #pump(): void {
    while (this.#delivers && this.#running.size < this.#policy.concurrency) {
      const key = this.#ready.shift();
      if (key === undefined) return;
      const lane = this.#lanes.get(key);
      const entry = lane?.entries[0];
      if (lane === undefined || entry === undefined || lane.busy) continue;
      lane.busy = true;
      const running = this.#deliver(key, lane, entry).finally(() => {
        this.#running.delete(running);
        this.#pump();
      });
      this.#running.add(running);
    }
  }

  async #deliver(key: string, lane: Lane, entry: Entry): Promise<void> {
    entry.attempt += 1;
    const pauses = this.#pauses;
    const failure = await this.#tryOnce(entry);
    const interrupted = pauses !== this.#pauses || !this.mayDeliver();
    if (interrupted && !entry.replay) return this.#interrupted(key, lane, entry);
    if (failure === undefined) return this.#settle(key, lane, entry, () => entry.resolve());
    if (entry.replay) return this.#settle(key, lane, entry, () => entry.reject(failure));
    const { maxDeliver, backoffMs } = this.#policy;
    if (entry.attempt < maxDeliver && !isUndeliverable(failure)) {
      return this.#again(key, lane, backoffMs[Math.min(entry.attempt, backoffMs.length) - 1] ?? 0);
    }
    if (await this.#bury(entry, failure)) return this.#settle(key, lane, entry, () => entry.resolve());
    return this.#again(key, lane, keepAgainMs);
  }

  async #tryOnce(entry: Entry): Promise<Error | undefined> {
    const handler = this.#consumers[(this.#next += 1) % this.#consumers.length];
    if (handler === undefined) return new Error(`${this.name}: nobody consumes`);
    const { ackWaitMs } = this.#policy;
    const controller = new AbortController();
    let cancel: () => void = () => undefined;
    const late = new Promise<Error>((resolve) => {
      cancel = this.time.schedule(ackWaitMs, () => {
        const error = new Error(`the handler did not finish within ${ackWaitMs} ms`);
        controller.abort(error);
        resolve(error);
      });
    });
    if (!entry.replay) this.#interruptible.add(controller);
    const handled = Promise.resolve()
      .then(() => handler(entry.copy(), entry.attempt, controller.signal))
      .then(() => undefined, toError);
    const outcome = await Promise.race([handled, late]);
    cancel();
    this.#interruptible.delete(controller);
    return outcome;
  }

  /** Nobody can vouch for what came of it: it is tried again, here or wherever the event goes. */
  #interrupted(key: string, lane: Lane, entry: Entry): void {
    entry.attempt -= 1;
    lane.busy = false;
    if (this.#lanes.get(key) === lane) this.#ready.push(key);
  }

  /** True when the letter is kept; false when keeping it failed and must be tried again. */
  async #bury(entry: Entry, failure: Error): Promise<boolean> {
    const event = entry.copy();
    const letter = { event, durable: this.name, attempts: entry.attempt, reason: failure.message };
    this.log.error({ durable: this.name, eventId: event.id, attempts: entry.attempt, error: failure }, 'event dead-lettered');
    try {
      await this.#options.onDeadLetter?.(letter);
      return true;
    } catch (error) {
      this.log.error({ durable: this.name, eventId: event.id, error }, 'a dead letter could not be kept; it will be tried again');
      return false;
    }
  }

  /** The lane goes on with the same entry after a while; others pass meanwhile. */
  #again(key: string, lane: Lane, delayMs: number): void {
    this.time.schedule(delayMs, () => {
      lane.busy = false;
      this.#ready.push(key);
      this.#pump();
    });
  }

  #settle(key: string, lane: Lane, entry: Entry, tell: () => void): void {
    if (this.#lanes.get(key) !== lane) return tell();
    lane.entries.shift();
    lane.busy = false;
    this.#pending -= 1;
    if (lane.entries.length === 0) this.#lanes.delete(key);
    else this.#ready.push(key);
    tell();
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Copies of the event that a JSON text holds. */
export function copiesOf(text: string): () => EventEnvelope {
  return () => JSON.parse(text) as EventEnvelope;
}
