import { Injectable } from '@nestjs/common';
import { type EventId, isDomainError, type RunId, type TenantCaller } from '@support101/contracts';
import type { LiveFact } from '@support101/contracts/gateway';
import { type AuditEntry, auditOfRun, getAuditEntry, listAudit } from '@support101/contracts/governance';
import { CommandClient } from '@support101/messaging';
import { factOfEntry, isNear, isOfEvent, missedOf, upToEnd } from './streams.rules.js';

/** What a look at the audit found, oldest first; `over` says that nothing will follow. */
interface Found {
  readonly facts: LiveFact[];
  readonly over: boolean;
}

/** Looks at the audit for what a listener has missed; each look finds at least what is new since the one before. */
export type Look = () => Promise<Found>;

/** One look reads at most so many entries: a listener that was away for more gets the latest of them. */
export const mostRead = 5_000;
const pageSize = 100;

/** Reads from the audit what listeners have missed. */
@Injectable()
export class StreamsTrailService {
  constructor(private readonly client: CommandClient) {}

  /** Of a tenant, what a listener may have missed whose last fact was `lastId`. */
  ofTenant(caller: TenantCaller, lastId: EventId): Look {
    let head: number | undefined;
    return async () => {
      const seen = head;
      const chain = seen === undefined ? await this.#around(caller, lastId) : await this.#after(caller, seen);
      head = chain.at(-1)?.sequence ?? seen;
      const facts = chain.filter(isOfEvent).map(factOfEntry);
      return { facts: seen === undefined ? missedOf(facts, lastId) : facts.filter(({ id }) => id !== lastId), over: false };
    };
  }

  /** All of a run, or what a listener may have missed of it. Who has got the end of a run has missed nothing. */
  ofRun(caller: TenantCaller, runId: RunId, lastId: EventId | undefined): Look {
    return async () => {
      const { facts, over } = upToEnd(await this.#trail(caller, runId));
      if (lastId === undefined) return { facts, over };
      const isDone = over && facts.at(-1)?.id === lastId;
      return { facts: isDone ? [] : missedOf(facts, lastId), over };
    };
  }

  /** The chain from before the event on, oldest first; back to where nothing is near it in time any more. */
  async #around(caller: TenantCaller, lastId: EventId): Promise<AuditEntry[]> {
    const last = await this.#placeOf(caller, lastId);
    return this.#back(caller, (page) => page.every((entry) => entry.sequence <= last && !isNear(entry, lastId)));
  }

  async #after(caller: TenantCaller, head: number): Promise<AuditEntry[]> {
    const chain = await this.#back(caller, (page) => page.some(({ sequence }) => sequence <= head));
    return chain.filter(({ sequence }) => sequence > head);
  }

  /** Where the event stands in the chain. One that is not there yet does not say how far back to read: its time does. */
  async #placeOf(caller: TenantCaller, eventId: EventId): Promise<number> {
    try {
      return (await this.client.call(getAuditEntry, { eventId }, caller)).sequence;
    } catch (error) {
      if (isDomainError(error) && error.code === 'audit_entry_not_found') return Number.POSITIVE_INFINITY;
      throw error;
    }
  }

  /** The end of the chain, oldest first: back to the first page of which `isEnough` says so. */
  async #back(caller: TenantCaller, isEnough: (page: readonly AuditEntry[]) => boolean): Promise<AuditEntry[]> {
    const read = (next: { cursor?: string }) => this.client.call(listAudit, { limit: pageSize, ...next }, caller);
    return (await pages(read, isEnough)).reverse();
  }

  async #trail(caller: TenantCaller, runId: RunId): Promise<LiveFact[]> {
    const read = (next: { cursor?: string }) => this.client.call(auditOfRun, { runId, limit: pageSize, ...next }, caller);
    return (await pages(read, () => false)).map(factOfEntry);
  }
}

async function pages(
  read: (next: { cursor?: string }) => Promise<{ data: AuditEntry[]; nextCursor: string | null }>,
  isEnough: (page: readonly AuditEntry[]) => boolean,
): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const { data, nextCursor } = await read(cursor === undefined ? {} : { cursor });
    entries.push(...data);
    cursor = isEnough(data) ? undefined : (nextCursor ?? undefined);
  } while (cursor !== undefined && entries.length < mostRead);
  return entries;
}
