import {
  builtInRole,
  builtInRoleDefinitions,
  DomainError,
  type PermissionGrant,
  type RoleDefinition,
} from '@support101/contracts';

/**
 * How much a tenant may keep. A principal's grants and those of all roles together are one answer to the gateway, and a
 * message carries a million bytes: `bytes` is for each of the two, as JSON.
 */
const most = { roles: 100, grants: 200, bytes: 400_000 } as const;

/** Refuses a role that cannot be made beside those the tenant has. */
export function checkNewRole(role: RoleDefinition, own: readonly RoleDefinition[]): void {
  const names = new Set(own.map(({ name }) => name));
  if (builtInRole(role.name) !== undefined || names.has(role.name)) throw new DomainError('role_exists');
  if (role.inheritsFrom.includes(role.name)) throw new DomainError('role_cycle');
  const missing = role.inheritsFrom.find((name) => builtInRole(name) === undefined && !names.has(name));
  if (missing !== undefined) throw new DomainError('role_not_found', `There is no role ${missing}.`);
  if (own.length >= most.roles) throw new DomainError('limit_exceeded', `A tenant has at most ${most.roles} roles of its own.`);
  checkSize(
    [...own, role].flatMap(({ permissions }) => permissions),
    'The roles of a tenant',
  );
}

/** Refuses one more grant where there are enough; one on a resource that is granted already takes its place. */
export function checkRoom(grants: readonly PermissionGrant[], grant: PermissionGrant): void {
  const after = [...grants.filter(({ resource }) => resource !== grant.resource), grant];
  if (after.length > most.grants) throw new DomainError('limit_exceeded', `A principal has at most ${most.grants} grants.`);
  checkSize(after, 'A principal');
}

function checkSize(grants: readonly PermissionGrant[], whose: string): void {
  // All in a grant is ASCII.
  if (JSON.stringify(grants).length <= most.bytes) return;
  throw new DomainError('limit_exceeded', `${whose} may have grants of at most ${most.bytes} bytes of JSON together.`);
}

/** A role as it is listed. */
export type ListedRole = RoleDefinition & { readonly builtIn: boolean };

/** Built-in roles and the tenant's own by name, after a name; one more than `limit` where there are more. */
export function listed(own: readonly RoleDefinition[], after: string | undefined, limit: number): ListedRole[] {
  const builtIn = Object.values(builtInRoleDefinitions).map((role) => ({ ...role, builtIn: true }));
  return [...builtIn, ...own.map((role) => ({ ...role, builtIn: false }))]
    .filter(({ name }) => after === undefined || name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, limit + 1);
}

/** A grant that expires must do so in the future. */
export function checkExpiry(expiresAt: string | undefined, now: Date): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > now.getTime()) return;
  throw new DomainError('validation_failed', 'expiresAt: must be in the future', {
    issues: [{ path: '/expiresAt', message: 'must be in the future' }],
  });
}
