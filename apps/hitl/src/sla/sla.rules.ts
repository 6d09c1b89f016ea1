import { defaultSlaMinutes, type RequestPriority, type SlaMinutes } from '@support101/contracts/hitl';

/** The part of the time to the deadline after which its people are warned. */
const warnAfter = 0.75;

/** The minutes of a policy: those given, the default for the others. */
export function minutesOf(given: { readonly [P in RequestPriority]?: number | undefined }): SlaMinutes {
  const minutes: SlaMinutes = { ...defaultSlaMinutes };
  for (const priority of ['critical', 'high', 'medium', 'low'] as const) minutes[priority] = given[priority] ?? minutes[priority];
  return minutes;
}

/** From opening to warning and to deadline, in milliseconds. */
export function spansOf(minutes: SlaMinutes, priority: RequestPriority): { warnMs: number; deadlineMs: number } {
  const deadlineMs = minutes[priority] * 60_000;
  return { warnMs: deadlineMs * warnAfter, deadlineMs };
}
