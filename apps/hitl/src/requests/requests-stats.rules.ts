import type { HitlRequest } from '@support101/contracts/hitl';

/** What a tenant’s requests add up to. */
export interface Totals {
  readonly escalationsOpen: number;
  readonly escalations: number;
  readonly completed: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly breached: number;
  /** From opening to decision, summed up, in milliseconds. */
  readonly decisionMs: number;
  readonly reviewers: number;
  readonly availableReviewers: number;
}

/** How many open requests there are of a kind. */
export interface OpenCount extends Pick<HitlRequest, 'status' | 'priority'> {
  readonly count: number;
  readonly breached: number;
}

/** The numbers of a queue; what there is none of is 0. */
export function statistics(totals: Totals, open: readonly OpenCount[]) {
  const { completed, expired, cancelled, escalationsOpen, escalations, breached, decisionMs } = totals;
  const byStatus = { pending: 0, assigned: 0, completed, expired, cancelled } satisfies Record<HitlRequest['status'], number>;
  const openByPriority = { critical: 0, high: 0, medium: 0, low: 0 } satisfies Record<HitlRequest['priority'], number>;
  for (const { status, priority, count } of open) {
    byStatus[status] += count;
    openByPriority[priority] += count;
  }
  return {
    byStatus,
    openByPriority,
    openBreached: open.reduce((sum, kind) => sum + kind.breached, 0),
    breachedTotal: breached,
    escalations: { open: escalationsOpen, total: escalations },
    averageSecondsToDecision: completed === 0 ? null : decisionMs / completed / 1000,
    reviewers: { total: totals.reviewers, available: totals.availableReviewers },
  };
}
