import { randomUUID } from 'node:crypto';
import { detached, type Database, type Tx } from '@support101/database';
import { measures } from '@support101/telemetry';
import { silentLog, type MessagingLog } from './messaging-log.js';
import { observeBacklog } from './outbox-backlog.js';
import { OutboxRefill } from './outbox-refill.js';
import { claim, extend, mark, release, releaseAll, waiting, type ClaimedEvent, type PublishedEvent } from './outbox-rows.js';
import { settleWithin, systemTime, type TimeSource } from './time.js';
import type { PublishResult, Transport } from './transport.js';

/** What a relay needs; times in milliseconds. */
export interface OutboxRelayOptions {
  readonly database: Pick<Database, 'asSystem' | 'embedded' | 'schema'>;
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

interface Failed {
  readonly row: ClaimedEvent;
  readonly error: Error;
}

const closeWithinMs = 2_000;
/** What is recorded within this time of the last look is looked for together: a claim costs three transactions. */
const gatherMs = 10;
const firstPauseMs = 200;
const longestPauseMs = 2_000;

/**
 * Publishes what the outbox holds, in order per resource, and marks it. No transaction is open while it publishes:
 * rows are claimed by a lease, so a crash at any moment leaves them to be published again (the inbox knows
 * duplicates). Several relays may work on one outbox; times are compared with the claimers' clocks, which must agree
 * to well within the lease.
 */
export class OutboxRelay {
  readonly #owner = randomUUID();
  readonly #database: OutboxRelayOptions['database'];
  readonly #transport: OutboxRelayOptions['transport'];
  readonly #log: MessagingLog;
  readonly #time: TimeSource;
  readonly #pollMs: number;
  readonly #leaseMs: number;
  readonly #batch: number;
  readonly #window: number;
  readonly #held = new Set<ClaimedEvent>();
  readonly #publishing = new Set<Promise<void>>();
  readonly #timers = new Set<() => void>();
  #published: PublishedEvent[] = [];
  #failed: Failed[] = [];
  #state: 'new' | 'running' | 'closing' | 'closed' = 'new';
  #wanted = false;
  #claiming: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #failures = 0;
  #pausedUntil = 0;
  #lookedAt = -gatherMs;
  #fullBatch = false;
  #intactStore: string | undefined;
  readonly #refill: OutboxRefill;
  #stopObserving: () => void = () => undefined;

  constructor(options: OutboxRelayOptions) {
    this.#database = options.database;
    this.#transport = options.transport;
    this.#log = options.log ?? silentLog;
    this.#time = options.time ?? systemTime;
    this.#pollMs = options.pollMs ?? 1_000;
    this.#leaseMs = options.leaseMs ?? 5_000;
    this.#refill = new OutboxRefill(this.#database, { log: this.#log, time: this.#time });
    this.#batch = options.batch ?? 100;
    this.#window = options.window ?? 1_000;
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
    this.#every(this.#pollMs, () => this.#poll());
    this.#every(this.#leaseMs / 3, () => this.#keepLease());
    this.nudge();
  }

  /** Look now: something was recorded. */
  nudge(): void {
    this.#wanted = true;
    if (this.#state !== 'running' || this.#claiming !== undefined || this.#now() < this.#pausedUntil) return;
    // A nudge comes from inside a transaction that has just committed; the relay's own ones are not part of it.
    this.#claiming = detached(() => this.#claimAll()).finally(() => {
      this.#claiming = undefined;
      if (this.#wanted && this.#held.size < this.#window) this.nudge();
    });
  }

  /** Stops claiming, waits a little for what is being published, and gives the rest back. */
  async close(): Promise<void> {
    if (this.#state !== 'running') return void (this.#state = 'closed');
    this.#state = 'closing';
    this.#stopObserving();
    for (const cancel of this.#timers) cancel();
    await this.#claiming;
    await settleWithin(this.#time, closeWithinMs, this.#publishing);
    await this.#write();
    this.#state = 'closed';
    this.#held.clear();
    await this.#asRelay((tx) => releaseAll(tx, this.#owner)).catch((error: unknown) => {
      this.#log.warn({ error }, 'claimed events could not be given back; they wait for the end of their lease');
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
    if (store !== undefined && store.name !== this.#intactStore && (await this.#refill.refill(store)))
      this.#intactStore = store.name;
  }

  async #claimAll(): Promise<void> {
    try {
      while (this.#wanted && this.#state === 'running' && this.#held.size < this.#window) {
        await this.#gather();
        this.#wanted = false;
        await this.#claimBatch(Math.min(this.#batch, this.#window - this.#held.size));
      }
    } catch (error) {
      this.#log.warn({ error }, 'the outbox could not be read');
      this.#pause();
    }
  }

  /** The first look after a while is at once; in a flow of events, one look finds many. A full batch is not waited for. */
  async #gather(): Promise<void> {
    const waitMs = this.#fullBatch ? 0 : this.#lookedAt + gatherMs - performance.now();
    if (waitMs > 0 && this.#state === 'running') await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#lookedAt = performance.now();
  }

  async #claimBatch(limit: number): Promise<void> {
    const now = this.#now();
    const rows = await this.#asRelay((tx) => claim(tx, this.#owner, new Date(now), new Date(now + this.#leaseMs), limit));
    this.#fullBatch = rows.length === limit;
    if (this.#fullBatch) this.#wanted = true;
    const byResource = Map.groupBy(rows, (row) => `${row.tenantId} ${row.resource}`);
    for (const group of byResource.values()) {
      for (const row of group) this.#held.add(row);
      const publishing = this.#publish(group).finally(() => this.#publishing.delete(publishing));
      this.#publishing.add(publishing);
    }
  }

  async #publish(rows: readonly ClaimedEvent[]): Promise<void> {
    const results = await this.#transport.publish(rows.map((row) => row.event)).catch((error: Error): PublishResult[] => {
      return rows.map((row) => ({ id: row.eventId, ok: false, error }));
    });
    if (this.#state === 'closed') return;
    rows.forEach((row, index) => {
      const result = results[index];
      if (result?.ok === true) this.#published.push({ row, storedAt: result.storedAt });
      else this.#failed.push({ row, error: result?.error ?? new Error('the transport did not answer') });
    });
    this.#count(results);
    if (results.some((result) => result.ok)) this.#failures = 0;
    else this.#pause();
    void this.#write();
  }

  #count(results: readonly PublishResult[]): void {
    const { schema } = this.#database;
    const published = results.filter((result) => result.ok).length;
    if (published > 0) measures.eventsPublished.add({ schema, outcome: 'published' }, published);
    if (published < results.length) measures.eventsPublished.add({ schema, outcome: 'failed' }, results.length - published);
  }

  /** One writing transaction at a time; what settles meanwhile goes with the next. */
  #write(): Promise<void> {
    this.#writing ??= detached(() => this.#writeAll()).finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#published.length > 0 || this.#failed.length > 0) {
      const [published, failed] = [this.#published, this.#failed];
      [this.#published, this.#failed] = [[], []];
      try {
        await this.#writeOnce(published, failed);
      } catch (error) {
        this.#log.warn({ error }, 'published events could not be marked; it will be tried again');
        this.#published.push(...published);
        this.#failed.push(...failed);
        // Closing goes on without: what is not marked is published again later.
        if (this.#state !== 'running') return;
        this.#after(firstPauseMs, () => this.#write());
        return;
      }
    }
  }

  async #writeOnce(published: readonly PublishedEvent[], failed: readonly Failed[]): Promise<void> {
    const now = this.#now();
    await this.#asRelay(async (tx) => {
      if (published.length > 0) await mark(tx, published, new Date(now));
      for (const { row, error } of failed) {
        await release(tx, this.#owner, row, new Date(now + pauseAfter(row.attempts)), error.message);
      }
    });
    for (const { row } of published) this.#held.delete(row);
    for (const { row, error } of failed) {
      this.#held.delete(row);
      this.#log.warn(
        { eventId: row.eventId, type: row.event.type, attempts: row.attempts, error },
        'an event could not be published',
      );
      this.#after(pauseAfter(row.attempts), () => this.nudge());
    }
    // Asked after the commit: a row whose turn came with it may have been looked at in vain while it was not yet seen.
    if (await this.#asRelay(waiting).catch(() => true)) this.nudge();
  }

  async #keepLease(): Promise<void> {
    if (this.#held.size === 0) return;
    try {
      await this.#asRelay((tx) => extend(tx, this.#owner, new Date(this.#now() + this.#leaseMs)));
    } catch (error) {
      this.#log.warn({ error }, 'the lease on claimed events could not be extended');
    }
  }

  /** After a failure nothing is claimed for a while; longer with each further one. */
  #pause(): void {
    // The failures of one batch are one failure.
    if (this.#now() < this.#pausedUntil) return;
    this.#failures += 1;
    const pauseMs = pauseAfter(this.#failures);
    this.#pausedUntil = this.#now() + pauseMs;
    this.#after(pauseMs, () => this.nudge());
  }

  #asRelay<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return detached(() => this.#database.asSystem('outbox-relay', run));
  }

  #now(): number {
    return this.#time.now().getTime();
  }

  #after(delayMs: number, run: () => unknown): void {
    if (this.#state !== 'running') return;
    const cancel = this.#time.schedule(delayMs, () => {
      this.#timers.delete(cancel);
      return this.#state === 'running' ? run() : undefined;
    });
    this.#timers.add(cancel);
  }

  #every(periodMs: number, run: () => unknown): void {
    this.#after(periodMs, () => {
      this.#every(periodMs, run);
      return run();
    });
  }
}

function pauseAfter(attempts: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 10));
}
