import type { Principal } from '@support101/contracts';
import type { RequestPriority } from '@support101/contracts/hitl';

/** Whether a request of this priority looks for a reviewer by itself; the others wait to be taken. */
export function assignsItself(priority: RequestPriority): boolean {
  return priority === 'critical' || priority === 'high';
}

/** Whether the principal may take a request away from whoever has claimed it. */
export function mayOverride({ type, roles }: Principal): boolean {
  return type === 'platform' || roles.includes('admin');
}
