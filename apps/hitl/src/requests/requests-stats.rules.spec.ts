import { describe, expect, it } from '@jest/globals';
import { statistics } from './requests-stats.rules.js';

const none = { escalationsOpen: 0, escalations: 0, completed: 0, expired: 0, cancelled: 0, breached: 0, decisionMs: 0 };

describe('statistics', () => {
  it('of nothing are zeros, and no average', () => {
    expect(statistics({ ...none, reviewers: 0, availableReviewers: 0 }, [])).toEqual({
      byStatus: { pending: 0, assigned: 0, completed: 0, expired: 0, cancelled: 0 },
      openByPriority: { critical: 0, high: 0, medium: 0, low: 0 },
      openBreached: 0,
      breachedTotal: 0,
      escalations: { open: 0, total: 0 },
      averageSecondsToDecision: null,
      reviewers: { total: 0, available: 0 },
    });
  });

  it('count escalations by themselves and average over what was decided', () => {
    const totals = { ...none, escalationsOpen: 1, escalations: 4, completed: 2, breached: 3, decisionMs: 90_000 };
    const open = [
      { status: 'pending', priority: 'high', count: 2, breached: 1 },
      { status: 'assigned', priority: 'high', count: 1, breached: 1 },
    ] as const;

    const stats = statistics({ ...totals, reviewers: 2, availableReviewers: 1 }, open);

    expect(stats).toMatchObject({ openByPriority: { high: 3 }, openBreached: 2, breachedTotal: 3, averageSecondsToDecision: 45 });
    expect(stats.byStatus).toMatchObject({ pending: 2, assigned: 1, completed: 2 });
    expect(stats.escalations).toEqual({ open: 1, total: 4 });
  });
});
