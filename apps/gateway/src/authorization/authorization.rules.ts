import {
  builtInRole,
  builtInRoles,
  effectiveGrants,
  isGranted as someGrants,
  TenantId,
  type Access,
  type AccessLevel,
  type ErrorCode,
  type PermissionGrant,
  type Principal,
} from '@support101/contracts';

/** Who asks, as authentication found out. */
export interface Asker {
  readonly principal: Principal;
  readonly tenantId?: TenantId;
}

/** The tenants that a request names: in its path, and in the header X-Tenant-Id. */
export interface NamedTenants {
  readonly path?: string | undefined;
  readonly header?: string | undefined;
}

/** What the built-in roles of a credential do not give, but something that governance keeps may. */
interface Wanted {
  readonly tenantId: TenantId;
  readonly resource: string;
  readonly level: AccessLevel;
}

/**
 * Allowed, and for which tenant if for one; or allowed if there is such a tenant; or the error that refuses; or what must
 * be granted beyond built-in roles.
 */
export type Decision =
  | { readonly tenantId: TenantId | undefined }
  | { readonly ifThereIs: TenantId }
  | { readonly refused: ErrorCode }
  | { readonly wanted: Wanted };

/** What the built-in roles grant, parents included. None of it expires. */
const grants: ReadonlyMap<string, readonly PermissionGrant[]> = new Map(
  builtInRoles.map((role) => [role, effectiveGrants({ grants: [], roles: [role] }, builtInRole)]),
);
const noExpiry = new Date(0);

/**
 * Decides whether the asker may use a contract with this access, and for which tenant. There are grants only and no
 * denials: what a built-in role gives, nothing that governance keeps can take away, so it needs not be asked then.
 */
export function decide(access: Access, asker: Asker, named: NamedTenants): Decision {
  if ('public' in access) return { tenantId: undefined };
  if ('internal' in access) return { refused: 'forbidden' };
  const isPlatform = asker.principal.type === 'platform';
  if (access.tenant === 'platform') return isPlatform ? { tenantId: undefined } : { refused: 'forbidden' };
  if (isPlatform) return access.tenant === 'path' ? tenantOfPath(named) : tenantOfHeader(access.level, named);
  return memberTenant(access, asker, named);
}

/** True when one of the built-in roles grants the level on the resource; levels include the ones before them. */
export function isGranted(roles: readonly string[], resource: string, level: AccessLevel): boolean {
  return roles.some((role) => someGrants(grants.get(role) ?? [], resource, level, noExpiry));
}

/** Whether there is the tenant that a path names is for the service to say, whose tenant it is. */
function tenantOfPath({ path, header }: NamedTenants): Decision {
  if (header !== undefined && header !== path) return { refused: 'tenant_not_found' };
  const tenantId = TenantId.safeParse(path);
  if (tenantId.success) return { tenantId: tenantId.data };
  // One that is no possible tenant is refused when the input is read, with the field's name.
  return header === undefined ? { tenantId: undefined } : { refused: 'tenant_not_found' };
}

/**
 * A credential of a tenant proves that there is one; a header does not, and what is written for a tenant that is not there
 * would never be removed. What is left of a deleted one, its audit above all, can be read.
 */
function tenantOfHeader(level: AccessLevel, { header }: NamedTenants): Decision {
  if (header === undefined) return { refused: 'tenant_required' };
  const tenantId = TenantId.safeParse(header);
  if (!tenantId.success) return { refused: 'tenant_not_found' };
  return level === 'read' ? { tenantId: tenantId.data } : { ifThereIs: tenantId.data };
}

function memberTenant(
  access: Exclude<Access, { public: true } | { internal: true }>,
  asker: Asker,
  { path, header }: NamedTenants,
): Decision {
  const { tenantId, principal } = asker;
  if (tenantId === undefined) return { refused: 'tenant_required' };
  // Another tenant's id is answered as if there were no such tenant, whatever the role.
  if (header !== undefined && header !== tenantId) return { refused: 'tenant_not_found' };
  if (access.tenant === 'path' && path !== tenantId) return { refused: 'tenant_not_found' };
  const { resource, level } = access;
  return isGranted(principal.roles, resource, level) ? { tenantId } : { wanted: { tenantId, resource, level } };
}
