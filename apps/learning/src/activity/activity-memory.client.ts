import type { TenantId } from '@support101/contracts';
import type { Activity } from '@support101/contracts/learning';
import { type ActivityStream, keptEntries, newestFirst, type StreamHealth } from './activity-stream.rules.js';

interface Tail {
  whole: boolean;
  entries: Activity[];
}

const keptTenants = 1_000;

/** The activity stream of a process without Redis: nobody else writes Postgres, so nothing makes a tail void. */
export class ActivityMemory implements ActivityStream {
  /** The tenant read last comes last. */
  readonly #tails = new Map<TenantId, Tail>();

  append(tenantId: TenantId, entry: Activity): Promise<void> {
    this.#put(tenantId, [entry]);
    return Promise.resolve();
  }

  newest(tenantId: TenantId, limit: number): Promise<Activity[] | undefined> {
    const tail = this.#tails.get(tenantId);
    if (tail?.whole !== true) return Promise.resolve(undefined);
    this.#tails.delete(tenantId);
    this.#tails.set(tenantId, tail);
    return Promise.resolve(tail.entries.slice(0, limit));
  }

  begin(tenantId: TenantId): Promise<void> {
    if (!this.#tails.has(tenantId)) this.#tails.set(tenantId, { whole: false, entries: [] });
    for (const oldest of this.#tails.keys()) {
      if (this.#tails.size <= keptTenants) break;
      this.#tails.delete(oldest);
    }
    return Promise.resolve();
  }

  fill(tenantId: TenantId, entries: readonly Activity[]): Promise<void> {
    const tail = this.#put(tenantId, entries);
    if (tail !== undefined) tail.whole = true;
    return Promise.resolve();
  }

  forget(tenantId: TenantId): Promise<void> {
    this.#tails.delete(tenantId);
    return Promise.resolve();
  }

  health(): StreamHealth {
    return { part: 'activity', using: 'a buffer in memory', state: 'degraded', hint: 'set REDIS_URL' };
  }

  start(): void {
    // Every entry is in its tail at once.
  }

  close(): Promise<void> {
    this.#tails.clear();
    return Promise.resolve();
  }

  #put(tenantId: TenantId, entries: readonly Activity[]): Tail | undefined {
    const tail = this.#tails.get(tenantId);
    if (tail === undefined) return undefined;
    const known = new Map([...tail.entries, ...entries].map((entry) => [entry.eventId, entry]));
    tail.entries = [...known.values()].toSorted(newestFirst).slice(0, keptEntries);
    return tail;
  }
}
