import type { EventId } from '@support101/contracts';
import { sorted, type Returned } from './outbox-outcomes.js';
import type { HeldEvent, PublishedEvent } from './outbox-rows.js';
import { resourceKey, type PublishResult } from './transport.js';

/** An event whose row was born claimed and is committed. */
export interface BornEvent extends HeldEvent {
  /** The event of the same resource that goes before it and may not be published yet. */
  readonly behind: EventId | undefined;
}

/** Times of the lanes, in milliseconds. */
export interface LanesOptions {
  /** How long a claim lasts. */
  readonly leaseMs: number;
  /** What comes within this time after something was published is published together; the first after a while at once. */
  readonly gatherMs: number;
}

/** What the lanes do with events. */
export interface LanesPorts {
  /** Unix milliseconds. */
  now(): number;
  /** Keeps the claim from now on, until the event is marked or returned. */
  hold(held: HeldEvent): void;
  /** Hands events of one resource over, in order; never rejects. */
  publish(held: readonly HeldEvent[]): Promise<readonly PublishResult[]>;
  /** Takes what was published, and what is for the table again. */
  settled(published: readonly PublishedEvent[], returned: readonly Returned[]): void;
}

/** Where an event of this process is that others may stand behind. */
interface Place {
  /** `coming`: its commit, or that of one before it, is not known yet. */
  state: 'coming' | 'here' | 'returned';
  /** Unix milliseconds after which nothing can stand behind it any more, unless it is here. */
  forgetAt: number;
  readonly followers: BornEvent[];
}

/**
 * Events on their way from a commit to the transport, past the table: those of one resource one after the other.
 * Which one goes before which was told by the database when they were written, because commits become known in any
 * order. When one fails, or does not come, all behind it go back to the table.
 */
export class OutboxLanes {
  readonly #places = new Map<EventId, Place>();
  /** Per resource what waits while others of it are being published. */
  readonly #lanes = new Map<string, BornEvent[]>();
  /** What is being published. */
  readonly working = new Set<Promise<void>>();
  /** Lanes that wait for the others of their moment. */
  #gathered: string[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #begunAt = -Infinity;
  #closed = false;

  constructor(
    private readonly options: LanesOptions,
    private readonly ports: LanesPorts,
  ) {}

  /** Notes events whose rows are being written now, to be claimed for this process. */
  expect(ids: readonly EventId[]): void {
    for (const id of ids) this.#places.set(id, { state: 'coming', forgetAt: this.#forgetAt(), followers: [] });
  }

  /** Takes committed events. */
  take(born: readonly BornEvent[]): void {
    for (const each of born) this.#arrive(each);
    this.#schedule();
  }

  /** Forgets events that nothing written from now on stands behind: they are marked, or were not born claimed. */
  forget(ids: readonly EventId[]): void {
    for (const id of ids) this.#places.delete(id);
  }

  /** Forgets what did not come in time; what stands behind it goes back. */
  sweep(): void {
    const now = this.ports.now();
    for (const [id, { state, forgetAt, followers }] of this.#places) {
      if (state === 'here' || forgetAt > now) continue;
      this.#places.delete(id);
      this.#return(followers.splice(0));
    }
  }

  /** Gives back what is not being published, and all that still comes. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#gathering);
    this.#gathered = [];
    for (const waiting of this.#lanes.values()) this.#return(waiting.splice(0));
    for (const { followers } of this.#places.values()) this.#return(followers.splice(0));
  }

  #arrive(born: BornEvent): void {
    const before = born.behind === undefined ? undefined : this.#places.get(born.behind);
    // Too little of the claim is left after a long transaction: others may take the row at any moment.
    const late = born.until - this.ports.now() < this.options.leaseMs / 3;
    if (late || this.#closed || before?.state === 'returned') return this.#return([born]);
    if (before?.state === 'coming') return void before.followers.push(born);
    const place = this.#placeOf(born);
    place.state = 'here';
    this.ports.hold(born);
    this.#enter(born);
    for (const follower of place.followers.splice(0)) this.#arrive(follower);
  }

  #enter(born: BornEvent): void {
    const key = resourceKey(born.event);
    const waiting = this.#lanes.get(key);
    if (waiting !== undefined) return void waiting.push(born);
    this.#lanes.set(key, [born]);
    this.#gathered.push(key);
  }

  #schedule(): void {
    if (this.#gathered.length === 0) return;
    // Not the clock of the relay: a test that stops that one still waits for events.
    const waitMs = this.#begunAt + this.options.gatherMs - performance.now();
    if (waitMs <= 0) this.#begin();
    else this.#gathering ??= setTimeout(() => this.#begin(), waitMs);
  }

  /** Everybody on the way is woken up once for all of a moment. */
  #begin(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#begunAt = performance.now();
    for (const key of this.#gathered.splice(0)) {
      const working = this.#work(key).finally(() => this.working.delete(working));
      this.working.add(working);
    }
  }

  async #work(key: string): Promise<void> {
    const waiting = this.#lanes.get(key) ?? [];
    const held = waiting.splice(0);
    this.#settle(held, await this.ports.publish(held), waiting);
    if (waiting.length === 0) return void this.#lanes.delete(key);
    this.#gathered.push(key);
    this.#schedule();
  }

  /** Behind the first that failed nothing may be published before it: all go back. */
  #settle(held: readonly BornEvent[], results: readonly PublishResult[], waiting: BornEvent[]): void {
    const { published, failed } = sorted(held, results);
    const [first, ...others] = failed;
    if (first === undefined) return this.ports.settled(published, []);
    const behind = [...others.map((each) => each.held), ...waiting.splice(0)].map(untried);
    this.ports.settled(published, this.#leave([first, ...behind]));
  }

  #return(born: readonly BornEvent[]): void {
    if (born.length > 0) this.ports.settled([], this.#leave(born.map(untried)));
  }

  /** Notes that they go back, with all that waits for them. */
  #leave(returned: readonly Returned<BornEvent>[]): Returned[] {
    const all = [...returned];
    // Grows while it is walked.
    for (const { held } of all) {
      const place = this.#placeOf(held);
      place.state = 'returned';
      place.forgetAt = this.#forgetAt();
      all.push(...place.followers.splice(0).map(untried));
    }
    return all;
  }

  #placeOf(born: BornEvent): Place {
    const place = this.#places.get(born.event.id) ?? { state: 'coming', forgetAt: 0, followers: [] };
    this.#places.set(born.event.id, place);
    return place;
  }

  /** What stands behind an event was written within its claim, and must come within its own. */
  #forgetAt(): number {
    return this.ports.now() + 2 * this.options.leaseMs;
  }
}

function untried(held: BornEvent): Returned<BornEvent> {
  return { held, error: undefined };
}
