import {
  builtInRole,
  effectiveGrants,
  explainPermission,
  type FindRole,
  mayGive,
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

/** What a key's successor gets of what the key has: as much as whoever replaced it, having `giver`, may give. */
export function inheritable(
  { roles, grants }: Pick<Holdings, 'roles' | 'grants'>,
  find: FindRole,
  giver: readonly PermissionGrant[],
): Pick<Holdings, 'roles' | 'grants'> {
  const may = (wanted: readonly PermissionGrant[]) => wanted.every((grant) => mayGive(giver, grant));
  return {
    roles: roles.filter((role) => find(role) !== undefined && may(effectiveGrants({ grants: [], roles: [role] }, find))),
    grants: grants.filter((grant) => may([grant])),
  };
}

/** Everything that is granted at that moment. */
export function grantsAt(holdings: Pick<Holdings, 'roles' | 'grants'>, find: FindRole, at: Date): PermissionGrant[] {
  return effectiveGrants(holdings, find).filter(
    ({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > at.getTime(),
  );
}
