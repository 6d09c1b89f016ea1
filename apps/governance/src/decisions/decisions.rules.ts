import {
  accessLevels,
  builtInRole,
  covers,
  effectiveGrants,
  explainPermission,
  type FindRole,
  type PermissionGrant,
  type RoleDefinition,
} from '@support101/contracts';

/** What tenancy said about an API key. */
interface Credential {
  readonly roles: readonly string[];
  readonly endsAt: Date | null;
}

/** What is known of a principal. */
export interface Holdings {
  readonly credential: Credential | undefined;
  /** Roles that were assigned. */
  readonly roles: readonly string[];
  readonly grants: readonly PermissionGrant[];
}

/** Finds built-in roles and these. */
export function findingRole(own: readonly RoleDefinition[]): FindRole {
  const byName = new Map(own.map((role) => [role.name, role]));
  return (name) => builtInRole(name) ?? byName.get(name);
}

/** Whether the principal may, and why; `isKey` says that the principal can only be an API key of the tenant. */
export function decide(
  { credential, roles, grants }: Holdings,
  find: FindRole,
  asked: Parameters<typeof explainPermission>[2] & { readonly isKey: boolean },
): { allowed: boolean; because: string } {
  if (asked.isKey && credential === undefined) return { allowed: false, because: 'the tenant has no such API key' };
  const endsAt = credential?.endsAt ?? null;
  if (endsAt !== null && endsAt <= asked.at) return { allowed: false, because: `the API key ended at ${endsAt.toISOString()}` };
  const all = [...(credential?.roles ?? []), ...roles];
  return explainPermission({ grants, roles: all }, find, asked);
}

/** Everything that is granted at that moment. */
export function grantsAt(holdings: Pick<Holdings, 'roles' | 'grants'>, find: FindRole, at: Date): PermissionGrant[] {
  return effectiveGrants(holdings, find).filter(
    ({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > at.getTime(),
  );
}

/** True when whoever has these grants may give that one: it lies within one of them, in reach, level and time. */
export function mayGive(held: readonly PermissionGrant[], wanted: PermissionGrant): boolean {
  return held.some(
    (grant) =>
      covers(grant.resource, wanted.resource) &&
      accessLevels.indexOf(grant.level) >= accessLevels.indexOf(wanted.level) &&
      (grant.except ?? []).every((excepted) => leavesOut(wanted, excepted)) &&
      (grant.expiresAt === undefined ||
        (wanted.expiresAt !== undefined && Date.parse(wanted.expiresAt) <= Date.parse(grant.expiresAt))),
  );
}

function leavesOut(wanted: PermissionGrant, excepted: string): boolean {
  const apart = !covers(excepted, wanted.resource) && !covers(wanted.resource, excepted);
  return apart || (wanted.except ?? []).some((own) => covers(own, excepted));
}
