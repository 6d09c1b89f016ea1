import { randomUUID } from 'node:crypto';
import { detached, type Database, type Tx } from '@support101/database';
import { measures } from '@support101/telemetry';
import { silentLog, type MessagingLog } from './messaging-log.js';
import { observeBacklog } from './outbox-backlog.js';
import { OutboxClaims, pauseAfter } from './outbox-claims.js';
import type { Birth, Fact, Written } from './outbox-insert.js';
import { OutboxLanes } from './outbox-lanes.js';
import { OutboxOutcomes, sorted, type Returned } from './outbox-outcomes.js';
import { OutboxRefill } from './outbox-refill.js';
import { extend, releaseAll, type HeldEvent, type PublishedEvent, type ReturnedEvent } from './outbox-rows.js';
import type { Publisher } from './outbox.js';
import { settleWithin, systemTime, type TimeSource } from '@support101/time';
import { Timers } from './timers.js';
import { resourceKey, type PublishResult, type Transport } from './transport.js';

/** What a relay needs; times in milliseconds. */
export interface OutboxRelayOptions {
  readonly database: Pick<Database, 'asSystem' | 'burstAsSystem' | 'embedded' | 'schema'>;
  readonly transport: Pick<Transport, 'publish' | 'eventStore' | 'status'>;
  readonly log?: MessagingLog;
  readonly time?: TimeSource;
  /** How often it looks without being nudged: for rows of other processes, and after failures. 1 s unless told. */
  readonly pollMs?: number;
  /** How long claimed rows are left alone when this process dies: 5 s unless told, kept up while it lives. */
  readonly leaseMs?: number;
  /** Rows claimed at once, 100 unless told. */
  readonly batch?: number;
  /** Rows being published at most, 1000 unless told: one that is tried again and again keeps its place. */
  readonly window?: number;
}

const closeWithinMs = 2_000;
/** In a flow of events, how many milliseconds are published together: too few for a person to notice. */
const gatherMs = 20;
/** How soon what could not be written is written again, in milliseconds. */
const writeAgainMs = 200;

/**
 * Publishes what the outbox holds, in order per resource, and marks it. No transaction is open while it publishes:
 * rows are claimed by a lease, so a crash at any moment leaves them to be published again (the inbox knows
 * duplicates). What this process records is born claimed and published from memory. What it cannot hold, what others
 * left, and what has failed is claimed from the table. Several relays may work on one outbox; times are compared with
 * the claimers' clocks, which must agree to well within the lease.
 */
export class OutboxRelay implements Publisher {
  /** Rows claimed from the table have another owner: nothing is born claimed behind them. */
  readonly #owners = { born: randomUUID(), claimed: randomUUID() } as const;
  readonly #database: OutboxRelayOptions['database'];
  readonly #transport: OutboxRelayOptions['transport'];
  readonly #log: MessagingLog;
  readonly #time: TimeSource;
  readonly #timers: Timers;
  readonly #pollMs: number;
  readonly #leaseMs: number;
  readonly #window: number;
  /** What is published now, or is published and not marked yet. */
  readonly #held = new Map<string, HeldEvent>();
  readonly #publishing = new Set<Promise<void>>();
  readonly #claims: OutboxClaims;
  readonly #lanes: OutboxLanes;
  readonly #outcomes: OutboxOutcomes;
  readonly #refill: OutboxRefill;
  #state: 'new' | 'running' | 'closing' | 'closed' = 'new';
  #intactStore: string | undefined;
  #stopObserving: () => void = () => undefined;

  constructor(options: OutboxRelayOptions) {
    this.#database = options.database;
    this.#transport = options.transport;
    this.#log = options.log ?? silentLog;
    this.#time = options.time ?? systemTime;
    this.#timers = new Timers(this.#time);
    this.#pollMs = options.pollMs ?? 1_000;
    this.#leaseMs = options.leaseMs ?? 5_000;
    this.#window = options.window ?? 1_000;
    this.#refill = new OutboxRefill(this.#database, { log: this.#log, time: this.#time });
    this.#claims = this.#makeClaims(options.batch ?? 100);
    this.#lanes = this.#makeLanes();
    this.#outcomes = this.#makeOutcomes();
  }

  /**
   * Starts publishing. An embedded database has one process, so what is claimed there belongs to a dead one and is
   * taken at once; elsewhere claims of a dead process end with their lease.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new Error('a relay is started once');
    if (this.#database.embedded) await this.#asRelay((tx) => releaseAll(tx));
    this.#state = 'running';
    this.#stopObserving = observeBacklog(this.#database, this.#time);
    this.#timers.every(this.#pollMs, () => this.#poll());
    this.#timers.every(this.#leaseMs / 3, () => this.#keepLease());
    this.#claims.start();
  }

  expect(facts: readonly Fact[]): Birth | undefined {
    const full = this.#held.size + facts.length > this.#window;
    if (this.#state !== 'running' || this.#claims.paused || full) return undefined;
    this.#lanes.expect(facts.map(({ event }) => event.id));
    const now = this.#now();
    return { owner: this.#owners.born, now: new Date(now), until: new Date(now + this.#leaseMs) };
  }

  take(written: readonly Written[], birth: Birth | undefined): void {
    const born = written.filter(({ claimed }) => claimed);
    if (born.length < written.length) {
      this.#lanes.forget(written.filter(({ claimed }) => !claimed).map(({ fact }) => fact.event.id));
      this.#claims.lookFor();
    }
    if (birth === undefined || born.length === 0) return;
    const held = { owner: birth.owner, attempts: 1, until: birth.until.getTime() };
    const events = born.map(({ fact: { event, text }, behind }) => ({ event, text, behind, ...held }));
    // The relay serves many: it is no part of the caller's trace.
    detached(() => this.#lanes.take(events));
  }

  /** Look now: something waits in the table. */
  nudge(): void {
    this.#claims.look();
  }

  /**
   * Stops claiming, waits a little for what is being published, and gives the rest back. What is committed later than
   * that waits for the end of its lease.
   */
  async close(): Promise<void> {
    if (this.#state !== 'running') return void (this.#state = 'closed');
    this.#state = 'closing';
    this.#stopObserving();
    this.#timers.stop();
    this.#lanes.close();
    await this.#claims.stop();
    await settleWithin(this.#time, closeWithinMs, [...this.#publishing, ...this.#lanes.working]);
    await this.#outcomes.write();
    this.#state = 'closed';
    this.#held.clear();
    await this.#asRelay((tx) => releaseAll(tx, Object.values(this.#owners))).catch((error: unknown) => {
      this.#log.warn({ error }, 'claimed events could not be given back; they wait for the end of their lease');
    });
  }

  #makeClaims(batch: number): OutboxClaims {
    return new OutboxClaims({
      owner: this.#owners.claimed,
      leaseMs: this.#leaseMs,
      pollMs: this.#pollMs,
      batch,
      log: this.#log,
      timers: this.#timers,
      now: () => this.#now(),
      room: () => this.#window - this.#held.size,
      transact: (run) => this.#asRelay(run),
      take: (held) => this.#takeClaimed(held),
    });
  }

  #makeLanes(): OutboxLanes {
    return new OutboxLanes(
      { leaseMs: this.#leaseMs, gatherMs },
      {
        now: () => this.#now(),
        hold: (held) => this.#held.set(held.event.id, held),
        publish: (held) => this.#publish(held),
        settled: (published, returned) => this.#settled(published, returned, false),
      },
    );
  }

  #makeOutcomes(): OutboxOutcomes {
    return new OutboxOutcomes({
      now: () => this.#time.now(),
      transact: (run) => this.#asRelay(run),
      written: (published, returned) => this.#written(published, returned),
      failed: (error) => {
        this.#log.warn({ error }, 'what became of events could not be written; it will be tried again');
        this.#timers.after(writeAgainMs, () => this.#outcomes.write());
      },
    });
  }

  async #poll(): Promise<void> {
    await this.#refillIfLost();
    this.nudge();
  }

  /** A broker that was away, or has another store than before, may have lost what it had taken. */
  async #refillIfLost(): Promise<void> {
    if (this.#transport.status().state !== 'up') return void (this.#intactStore = undefined);
    const store = await this.#transport.eventStore();
    if (store === undefined || store.name === this.#intactStore) return;
    // What was published before the loss must be seen as published.
    await this.#outcomes.write();
    if (await this.#refill.refill(store)) this.#intactStore = store.name;
  }

  #takeClaimed(claimed: readonly HeldEvent[]): void {
    // A clock that was put forward ends claims of events that are being published here.
    const fresh = claimed.filter(({ event }) => !this.#held.has(event.id));
    for (const held of fresh) this.#held.set(held.event.id, held);
    for (const group of Map.groupBy(fresh, ({ event }) => resourceKey(event)).values()) {
      const publishing = this.#publishClaimed(group).finally(() => this.#publishing.delete(publishing));
      this.#publishing.add(publishing);
    }
  }

  async #publishClaimed(held: readonly HeldEvent[]): Promise<void> {
    const { published, failed } = sorted(held, await this.#publish(held));
    // Others of their resources may wait in the table for the mark.
    this.#settled(published, failed, true);
  }

  async #publish(held: readonly HeldEvent[]): Promise<readonly PublishResult[]> {
    const events = held.map(({ event }) => event);
    const texts = held.map(({ text }) => text);
    const results = await this.#transport.publish(events, texts).catch((error: Error): PublishResult[] => {
      return events.map(({ id }) => ({ id, ok: false, error }));
    });
    this.#count(results);
    if (results.some((result) => result.ok)) this.#claims.worked();
    else this.#claims.pause();
    return results;
  }

  #count(results: readonly PublishResult[]): void {
    const { schema } = this.#database;
    const published = results.filter((result) => result.ok).length;
    if (published > 0) measures.eventsPublished.add({ schema, outcome: 'published' }, published);
    if (published < results.length) measures.eventsPublished.add({ schema, outcome: 'failed' }, results.length - published);
  }

  #settled(published: readonly PublishedEvent[], returned: readonly Returned[], soon: boolean): void {
    // Given back as a whole by then.
    if (this.#state === 'closed') return;
    const now = this.#now();
    const back = returned.map(({ held, error }): ReturnedEvent => {
      this.#held.delete(held.event.id);
      const failure = error && { error, notBefore: new Date(now + pauseAfter(held.attempts)) };
      return { held, failure };
    });
    this.#outcomes.add(published, back, soon);
  }

  #written(published: readonly PublishedEvent[], returned: readonly ReturnedEvent[]): void {
    const ids = published.map(({ held }) => held.event.id);
    for (const id of ids) this.#held.delete(id);
    this.#lanes.forget(ids);
    for (const { held, failure } of returned) {
      if (failure === undefined) continue;
      const { event, attempts } = held;
      this.#log.warn({ eventId: event.id, type: event.type, attempts, error: failure.error }, 'an event could not be published');
      this.#timers.after(pauseAfter(attempts), () => this.nudge());
    }
    if (returned.length > 0) this.#claims.lookFor();
    else this.#claims.moved();
  }

  async #keepLease(): Promise<void> {
    this.#lanes.sweep();
    const now = this.#now();
    const held = [...this.#held.values()].filter(({ until }) => until - now < (this.#leaseMs * 2) / 3);
    if (held.length === 0) return;
    const until = now + this.#leaseMs;
    try {
      await this.#asRelay((tx) => extend(tx, held, new Date(until)));
      for (const each of held) each.until = until;
    } catch (error) {
      this.#log.warn({ error }, 'the lease on claimed events could not be extended');
    }
  }

  #asRelay<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return detached(() => this.#database.burstAsSystem('outbox-relay', run));
  }

  #now(): number {
    return this.#time.now().getTime();
  }
}
