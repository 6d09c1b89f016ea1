import { z } from 'zod';
import { accessLevels } from '../kernel/access.js';
import { event, rpc } from '../kernel/contract.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';

const resource = 'governance:permissions';
const read = { resource, level: 'read' } as const;
const administer = { resource, level: 'admin' } as const;

/** `read`, `execute` or `admin`; each includes the ones before it. */
export const AccessLevelName = z.enum(accessLevels);
/** `<service>:<capability>`, `<service>:*` or `*`. */
export const ResourcePattern = z
  .string()
  .max(200)
  .regex(/^(\*|[a-z][a-z-]*:(\*|[a-z][a-z0-9_-]*))$/, 'must be <service>:<capability>, <service>:* or *');
/** Name of a role, unique in its tenant. */
export const RoleName = z
  .string()
  .max(60)
  .regex(/^[a-z][a-z0-9_-]*$/, 'must be lower case, digits, "-" and "_"');
/** Id of a key, user or agent. */
export const PrincipalId = text(200);

/** A level on the resources of a pattern, save those that `except` names, for a time or for good. */
export const Grant = z
  .object({
    resource: ResourcePattern,
    level: AccessLevelName,
    except: z.array(ResourcePattern).max(20).optional(),
    expiresAt: Timestamp.optional(),
  })
  .meta({ id: 'Grant' });
export type Grant = z.infer<typeof Grant>;

/** A named set of grants; it also has those of the roles it inherits from. */
export const Role = z
  .object({
    name: RoleName,
    description: z.string(),
    permissions: z.array(Grant),
    inheritsFrom: z.array(RoleName),
    builtIn: z.boolean(),
  })
  .meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

/** Lists the built-in roles and the tenant’s own. */
export const listRoles = rpc('governance.roles.list.v1', {
  summary: 'List the roles',
  access: read,
  http: { method: 'GET', path: '/v1/governance/roles' },
  input: z.object({ ...pageQuery }),
  output: page(Role),
  errors: ['cursor_invalid'],
});

/** Makes a role of the tenant’s own: at most 100, whose permissions have at most 400,000 bytes of JSON together. */
export const createRole = rpc('governance.roles.create.v1', {
  summary: 'Create a role',
  access: administer,
  http: { method: 'POST', path: '/v1/governance/roles', status: 201 },
  input: z.object({
    name: RoleName,
    description: text(500, 0).default(''),
    permissions: z.array(Grant.omit({ expiresAt: true })).max(100),
    inheritsFrom: z.array(RoleName).max(10).default([]),
  }),
  output: Role,
  errors: ['role_exists', 'role_not_found', 'role_cycle', 'limit_exceeded'],
});

const Assignment = z.object({ principalId: PrincipalId, role: RoleName });

/** Gives a principal a role; `forbidden` when it grants anything that the caller does not have. */
export const assignRole = rpc('governance.roles.assign.v1', {
  summary: 'Assign a role to a principal',
  access: administer,
  http: { method: 'POST', path: '/v1/governance/roles/assign' },
  input: Assignment,
  output: Assignment,
  errors: ['role_not_found'],
});

/** Takes a role away; taking away what is not there changes nothing. */
export const revokeRole = rpc('governance.roles.revoke.v1', {
  summary: 'Take a role from a principal',
  access: administer,
  http: { method: 'DELETE', path: '/v1/governance/roles/{principalId}/{role}', status: 204 },
  input: Assignment,
  output: z.object({}),
  errors: [],
});

/** What was granted to a principal beyond the roles of its credential, and these. */
export const getPermissions = rpc('governance.permissions.get.v1', {
  summary: 'Read what was granted to a principal',
  access: read,
  http: { method: 'GET', path: '/v1/governance/permissions/{principalId}' },
  input: z.object({ principalId: PrincipalId }),
  output: z.object({
    principalId: PrincipalId,
    roles: z.array(RoleName),
    permissions: z.array(Grant),
    /** Of an API key of the tenant: the roles it was made with, and when it ends or ended. */
    credential: z.object({ roles: z.array(z.string()), endsAt: Timestamp.nullable() }).nullable(),
  }),
  errors: [],
});

/**
 * Grants a level on a resource, in place of what was granted to the principal on the same resource before; `forbidden`
 * when the caller does not have it. A principal has at most 200 grants, of 400,000 bytes of JSON together.
 */
export const grantPermission = rpc('governance.permissions.grant.v1', {
  summary: 'Grant a principal a level on a resource',
  access: administer,
  http: { method: 'POST', path: '/v1/governance/permissions/grant' },
  input: z.object({ principalId: PrincipalId, ...Grant.shape }),
  output: z.object({ principalId: PrincipalId, ...Grant.shape }),
  errors: ['limit_exceeded'],
});

/** Takes a grant away; taking away what is not there changes nothing. */
export const revokePermission = rpc('governance.permissions.revoke.v1', {
  summary: 'Take a grant from a principal',
  access: administer,
  http: { method: 'DELETE', path: '/v1/governance/permissions/{principalId}/{resource}', status: 204 },
  input: z.object({ principalId: PrincipalId, resource: ResourcePattern }),
  output: z.object({}),
  errors: [],
});

/**
 * Says whether a principal may, and why: what the gateway would decide for its API key. Of people it does not know the
 * roles that come with their tokens.
 */
export const checkPermission = rpc('governance.permissions.check.v1', {
  summary: 'Check whether a principal may do something, and say why',
  access: read,
  http: { method: 'GET', path: '/v1/governance/permissions/check' },
  input: z.object({ principalId: PrincipalId, resource: ResourcePattern, level: AccessLevelName }),
  output: z.object({ allowed: z.boolean(), because: z.string() }),
  errors: [],
});

/**
 * Everything a principal is granted, for the gateway: its own grants and those of its roles and their parents, where
 * `roles` are those of its credential. What has expired is left out.
 */
export const resolvePermissions = rpc('governance.permissions.resolve.v1', {
  summary: 'Resolve a principal’s grants',
  access: { internal: true },
  input: z.object({ principalId: PrincipalId, roles: z.array(z.string()) }),
  output: z.object({ grants: z.array(Grant) }),
  errors: ['tenant_required'],
});

const ofPrincipal = (data: { principalId: string }) => `principal:${data.principalId}`;

export const roleCreated = event('governance.roles.created.v1', {
  summary: 'A role was created',
  data: z.object({ name: RoleName, permissions: z.array(Grant), inheritsFrom: z.array(RoleName) }),
  resource: (data) => `role:${data.name}`,
  audit: 'permission_granted',
});

export const roleAssigned = event('governance.roles.assigned.v1', {
  summary: 'A principal got a role',
  data: Assignment,
  resource: ofPrincipal,
  audit: 'role_assigned',
});

export const roleRevoked = event('governance.roles.revoked.v1', {
  summary: 'A role was taken from a principal',
  data: Assignment,
  resource: ofPrincipal,
  audit: 'role_revoked',
});

export const permissionGranted = event('governance.permissions.granted.v1', {
  summary: 'A principal was granted a level on a resource',
  data: z.object({ principalId: PrincipalId, ...Grant.shape }),
  resource: ofPrincipal,
  audit: 'permission_granted',
});

export const permissionRevoked = event('governance.permissions.revoked.v1', {
  summary: 'A grant was taken from a principal',
  data: z.object({ principalId: PrincipalId, resource: ResourcePattern }),
  resource: ofPrincipal,
  audit: 'permission_revoked',
});
