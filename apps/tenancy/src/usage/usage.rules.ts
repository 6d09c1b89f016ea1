import { DomainError } from '@support101/contracts';
import type { RunOutcome, RunUsage } from '@support101/contracts/agent-runtime';
import type { ReservableLimit, TenantLimits, TenantStatus, TenantUsage } from '@support101/contracts/tenancy';

/** Which of a tenant's limits bounds the places of each kind. */
export const boundOf = {
  agents: 'maxAgents',
  concurrentExecutions: 'maxConcurrentExecutions',
  hitlQueueSize: 'maxHitlQueueSize',
  vectorDocuments: 'maxVectorDocuments',
} as const satisfies Record<ReservableLimit, keyof TenantLimits>;

/** What can be written about a run that has ended. */
export const runEndings = [
  'run_resolved',
  'run_assisted',
  'run_escalated',
  'run_abandoned',
  'run_failed',
  'run_cancelled',
  'run_timed_out',
] as const;

/** What can be written in the ledger. */
export type EntryKind =
  | 'run_started'
  | (typeof runEndings)[number]
  | 'agent_created'
  | 'agent_deleted'
  | 'article_created'
  | 'article_deleted'
  | 'request_opened'
  | 'request_decided'
  | 'request_expired'
  | 'request_cancelled';

/**
 * The records that hold places, and after which entries they hold none any more. A run works for an hour at most, so that
 * its place is free some time after even when nobody hears of its end; the others hold theirs until they are gone.
 */
export const holders = {
  run: { limit: 'concurrentExecutions', endings: runEndings, leaseSeconds: 3_600 + 60 },
  agent: { limit: 'agents', endings: ['agent_deleted'], leaseSeconds: undefined },
  article: { limit: 'vectorDocuments', endings: ['article_deleted'], leaseSeconds: undefined },
  request: {
    limit: 'hitlQueueSize',
    endings: ['request_decided', 'request_expired', 'request_cancelled'],
    leaseSeconds: undefined,
  },
} as const satisfies Record<string, { limit: ReservableLimit; endings: readonly EntryKind[]; leaseSeconds: number | undefined }>;

/** A kind of record that holds a place. */
export type HolderKind = keyof typeof holders;

/** What can be written last of a record: after any of these it takes no place. */
export const lastKinds: readonly EntryKind[] = Object.values(holders).flatMap(({ endings }) => endings);

/** The longest that somebody who found no place is told to wait, in seconds: runs mostly end long before their lease. */
const longestWaitSeconds = 10;

/** How a run ended, for the ledger. The outcome counts; a failure that says none is a failure. */
export function runEnding(status: 'completed' | 'failed', outcome: RunOutcome = 'failed'): (typeof runEndings)[number] {
  return status === 'completed' || outcome !== 'resolved' ? `run_${outcome}` : 'run_failed';
}

/** Throws `tenant_inactive` unless the tenant may take places. */
export function checkActive(status: TenantStatus): void {
  if (status !== 'active') throw new DomainError('tenant_inactive', `The tenant is ${status}.`);
}

/** When a lease that is taken now ends; null for a place that is kept. */
export function endOfLease(ttlSeconds: number | undefined, now: Date): Date | null {
  return ttlSeconds === undefined ? null : new Date(now.getTime() + ttlSeconds * 1000);
}

/** The error for who found no place. `nextEnd`: when the first lease ends, null where nothing ends by itself. */
export function noPlace(limit: ReservableLimit, bound: number, nextEnd: Date | null, now: Date): DomainError {
  const detail = `The tenant’s limit ${boundOf[limit]} of ${bound} is reached.`;
  if (nextEnd === null) return new DomainError('limit_exceeded', detail);
  const seconds = Math.ceil((nextEnd.getTime() - now.getTime()) / 1000);
  return new DomainError('limit_exceeded', detail, { retryAfterSeconds: Math.min(Math.max(seconds, 1), longestWaitSeconds) });
}

/** The calendar month of a moment, in UTC. */
export function periodOf(at: Date): string {
  return at.toISOString().slice(0, 7);
}

/** What was added up of one kind of entry. */
export interface Total extends Omit<RunUsage, 'model'> {
  readonly kind: EntryKind;
  readonly count: number;
}

/** What a month comes to, as it is shown. */
export function monthOf(totals: readonly Total[]): Pick<TenantUsage, 'runs' | 'tokens' | 'cost'> {
  const countOf = (kind: EntryKind) => totals.find((total) => total.kind === kind)?.count ?? 0;
  const sum = (field: 'inputTokens' | 'outputTokens' | 'costMicroUsd') => totals.reduce((all, total) => all + total[field], 0);
  return {
    runs: {
      started: countOf('run_started'),
      resolved: countOf('run_resolved'),
      assisted: countOf('run_assisted'),
      escalated: countOf('run_escalated'),
      abandoned: countOf('run_abandoned'),
      failed: countOf('run_failed'),
      cancelled: countOf('run_cancelled'),
      timedOut: countOf('run_timed_out'),
    },
    tokens: { input: sum('inputTokens'), output: sum('outputTokens') },
    cost: { microUsd: sum('costMicroUsd') },
  };
}

/** The limits as they are shown: how much is taken of those that places are taken of. */
export function limitsInUse(limits: TenantLimits, taken: ReadonlyMap<ReservableLimit, number>): TenantUsage['limits'] {
  const inUse = (limit: ReservableLimit) => ({ current: taken.get(limit) ?? 0, limit: limits[boundOf[limit]] });
  return {
    agents: inUse('agents'),
    concurrentExecutions: inUse('concurrentExecutions'),
    hitlQueueSize: inUse('hitlQueueSize'),
    vectorDocuments: inUse('vectorDocuments'),
    requestsPerMinute: { limit: limits.maxRequestsPerMinute },
    storageMb: { limit: limits.maxStorageMb },
  };
}
