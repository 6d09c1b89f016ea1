import type { EscalationLevel, RequestPriority } from '@support101/contracts/hitl';

/** How urgent an escalation is that says nothing about it. */
export const priorityOfLevel = {
  l1: 'medium',
  l2: 'medium',
  l3: 'high',
  manager: 'high',
  executive: 'critical',
} as const satisfies Record<EscalationLevel, RequestPriority>;

/** What an escalation by hand is called, and by whom it was raised for the record. */
export const manualRule = { rule: 'Manual escalation', trigger: 'manual' } as const;

/** What may be decided about it: no run waits for the answer, so there is nothing to approve or edit. */
export const manualOptions = ['respond', 'reject'] as const;

/** The title of the request: the reason, as far as it fits into a line. */
export function titleOf(reason: string): string {
  const line = reason.trim().split(/\s+/).join(' ');
  return `Escalation: ${line.length <= 120 ? line : `${line.slice(0, 119).toWellFormed()}…`}`;
}
