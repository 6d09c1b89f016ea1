import type { TenantId } from '@support101/contracts';
import type { Activity } from '@support101/contracts/learning';

/** So many of the newest entries of a tenant are kept; more than the longest page, so that a page tells whether more follows. */
export const keptEntries = 200;

/** A tail is read from Postgres anew after so long, whatever happened to it meanwhile. */
export const tailSeconds = 600;

/** How the stream is served, in the form of a part of the process’s health. */
export interface StreamHealth {
  readonly part: 'activity';
  readonly using: string;
  readonly state: 'up' | 'degraded' | 'down';
  readonly hint?: string;
}

/**
 * The newest activity of each tenant, beside Postgres, which is the truth. A tail is either whole or not told at all: who gets
 * none begins one, reads Postgres and fills it; what is appended between is in both and there once.
 */
export interface ActivityStream {
  /** Takes an entry that is committed. Never fails: what it cannot take makes all tails void, to be filled again. */
  append(tenantId: TenantId, entry: Activity): Promise<void>;
  /** The newest entries first by (time, event id); undefined when the tail is not whole or the stream does not answer. */
  newest(tenantId: TenantId, limit: number): Promise<Activity[] | undefined>;
  /** From now on the tail takes entries, and waits to be filled; no-op for one that does already. */
  begin(tenantId: TenantId): Promise<void>;
  /** Gives a begun tail the newest entries that Postgres had after `begin`, and makes it whole. */
  fill(tenantId: TenantId, entries: readonly Activity[]): Promise<void>;
  /** Forgets the tail of a deleted tenant. */
  forget(tenantId: TenantId): Promise<void>;
  health(): StreamHealth;
  /** Begins to take part in the work on the stream, where there is any. */
  start(): void;
  close(): Promise<void>;
}

/** An entry as one line that sorts by its event’s id; the same entry is the same line, wherever it was read. */
export function lineOf(entry: Activity): string {
  const { eventId, type, resource, principal, outcome, runId, agentId, requestId, summary, happenedAt } = entry;
  const { type: principalType, id } = principal;
  const rest = {
    type,
    resource,
    principal: { type: principalType, id },
    outcome,
    runId,
    agentId,
    requestId,
    summary,
    happenedAt,
  };
  return `${eventId} ${JSON.stringify(rest)}`;
}

/** The entry of a line that `lineOf` made. */
export function entryOf(line: string): Activity {
  const space = line.indexOf(' ');
  return { eventId: line.slice(0, space), ...(JSON.parse(line.slice(space + 1)) as object) } as Activity;
}

/** Newest first, as the list in Postgres is. */
export function newestFirst(a: Activity, b: Activity): number {
  if (a.happenedAt !== b.happenedAt) return a.happenedAt < b.happenedAt ? 1 : -1;
  return a.eventId < b.eventId ? 1 : -1;
}
