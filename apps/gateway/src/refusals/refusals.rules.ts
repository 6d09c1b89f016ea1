import {
  errorCatalogue,
  type AuditType,
  type ErrorCode,
  type InputOf,
  type Principal,
  type TenantId,
} from '@support101/contracts';
import type { recordAudit } from '@support101/contracts/governance';

/** Something at the door that has no event: a refusal by its code, or that the platform named a tenant. */
export interface Happening {
  readonly kind: ErrorCode | 'tenant_named';
  /** The tenant on whose audit it belongs: the principal's own, or the one that the platform named. */
  readonly tenantId: TenantId;
  readonly principal: Principal;
  /** Subject of the contract that was asked for. */
  readonly operation: string;
  readonly correlationId: string;
  /** The tenant that was asked for and is not the principal's. */
  readonly namedTenantId?: string;
}

/** Happenings of one kind by one principal, from the first to the latest. */
export interface Tally {
  readonly first: Happening;
  readonly since: Date;
  until: Date;
  count: number;
  /** How often which operation was asked for; those beyond the first twenty under `others`. */
  readonly operations: Map<string, number>;
}

export type AuditInput = InputOf<typeof recordAudit>['entries'][number];

const unreadable: readonly ErrorCode[] = ['validation_failed', 'malformed_json', 'malformed_request', 'payload_too_large'];

/** How many operations a tally tells apart: it must stay small whatever is asked for. */
const mostOperations = 20;

/** True for what the audit is told: who may not, who asked for another tenant, and who asks too often. */
export function isRecorded(code: ErrorCode): boolean {
  const { status } = errorCatalogue[code];
  return status === 401 || status === 403 || code === 'tenant_not_found' || code === 'rate_limited';
}

/** True for what is wrong with a request before any service sees it. */
export function isUnreadable(code: ErrorCode): boolean {
  return unreadable.includes(code);
}

/** Happenings with the same key are counted together, whatever they asked for: their number must not make entries. */
export function tallyKey({ tenantId, principal, kind }: Happening): string {
  return [tenantId, principal.type, principal.id, kind].join('\n');
}

/** The tally of one happening. */
export function newTally(happening: Happening, at: Date): Tally {
  return { first: happening, since: at, until: at, count: 1, operations: new Map([[happening.operation, 1]]) };
}

/** Counts one more happening. */
export function add(tally: Tally, { operation }: Happening, at: Date): void {
  const known = tally.operations.has(operation) || tally.operations.size < mostOperations;
  const name = known ? operation : 'others';
  tally.operations.set(name, (tally.operations.get(name) ?? 0) + 1);
  tally.count += 1;
  tally.until = at;
}

/** The entry that a tally becomes. */
export function entryOf({ first, since, until, count, operations }: Tally, eventId: AuditInput['eventId']): AuditInput {
  const { kind, tenantId, principal, operation, correlationId, namedTenantId } = first;
  const named = kind === 'tenant_named';
  return {
    eventId,
    eventType: auditTypeOf(kind),
    action: named ? 'gateway.tenants.named' : 'gateway.requests.refused',
    resource: named ? `tenant:${tenantId}` : `operation:${operations.size === 1 ? operation : 'several'}`,
    outcome: named ? 'success' : kind,
    principal: { type: principal.type, id: principal.id },
    correlationId,
    details: {
      count,
      operations: Object.fromEntries(operations),
      ...(count === 1 ? {} : { until: until.toISOString() }),
      ...(namedTenantId === undefined ? {} : { namedTenantId }),
    },
    time: since.toISOString(),
  };
}

function auditTypeOf(kind: Happening['kind']): AuditType {
  if (kind === 'tenant_named') return 'data_accessed';
  // Nothing was modified: the outcome says why.
  if (isUnreadable(kind)) return 'data_modified';
  return kind === 'rate_limited' ? 'rate_limit_exceeded' : 'security_violation';
}
