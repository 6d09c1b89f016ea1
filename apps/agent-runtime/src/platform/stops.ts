import { postgresFields } from '@support101/database';

/** Why the database's `stop_unless` stopped a change. */
export type Stop = 'lease_lost' | 'agent_changed' | 'no_place';

/** True when `stop_unless` stopped the change for this reason; nothing of it was written. */
export function isStoppedBy(error: unknown, reason: Stop): boolean {
  return postgresFields(error)?.code === 'S1STP' && (error as Error).message === reason;
}
