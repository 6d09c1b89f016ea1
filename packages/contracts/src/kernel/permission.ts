import { accessLevels, type AccessLevel, type BuiltInRole } from './access.js';
import { DomainError } from './errors.js';

/**
 * A level on the resources that a pattern covers (`<service>:<capability>`, `<service>:*` or `*`), save those that
 * `except` covers; without effect from `expiresAt` on. There are grants only and no denials: an exception limits its
 * own grant and no other.
 */
export interface PermissionGrant {
  readonly resource: string;
  readonly level: AccessLevel;
  readonly except?: readonly string[] | undefined;
  readonly expiresAt?: string | undefined;
}

/** A named set of grants; it also has those of the roles it inherits from. */
export interface RoleDefinition {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly PermissionGrant[];
  readonly inheritsFrom: readonly string[];
}

/** Finds a role by its name. */
export type FindRole = (name: string) => RoleDefinition | undefined;

/** The built-in roles. All are about the holder’s own tenant; what is the platform’s is no role’s to give. */
export const builtInRoleDefinitions: Readonly<Record<BuiltInRole, RoleDefinition>> = {
  admin: {
    name: 'admin',
    description: 'Everything in the tenant',
    permissions: [{ resource: '*', level: 'admin' }],
    inheritsFrom: [],
  },
  operator: {
    name: 'operator',
    description: 'Runs agents, keeps knowledge, works the human queue',
    permissions: [
      { resource: 'agent-runtime:*', level: 'execute' },
      { resource: 'learning:*', level: 'execute' },
      { resource: 'hitl:*', level: 'execute' },
    ],
    inheritsFrom: ['viewer'],
  },
  reviewer: {
    name: 'reviewer',
    description: 'Answers requests to people, and puts questions to them',
    permissions: [
      { resource: 'hitl:requests', level: 'execute' },
      { resource: 'hitl:escalations', level: 'execute' },
    ],
    inheritsFrom: ['viewer'],
  },
  viewer: {
    name: 'viewer',
    description: 'Sees everything in the tenant but its API keys',
    permissions: [{ resource: '*', level: 'read', except: ['tenancy:api-keys'] }],
    inheritsFrom: [],
  },
};

/** Finds a built-in role. */
export const builtInRole: FindRole = (name) =>
  Object.hasOwn(builtInRoleDefinitions, name) ? builtInRoleDefinitions[name as BuiltInRole] : undefined;

/** True when everything that `resource` covers is covered by `pattern`. */
export function covers(pattern: string, resource: string): boolean {
  if (pattern === '*' || pattern === resource) return true;
  return pattern.endsWith(':*') && resource.startsWith(pattern.slice(0, -1));
}

/** True when one of the grants gives the level on the resource at that moment; levels include the ones before them. */
export function isGranted(grants: readonly PermissionGrant[], resource: string, level: AccessLevel, at: Date): boolean {
  return grants.some((grant) => reaches(grant, resource) && includes(grant.level, level) && !hasExpired(grant, at));
}

/** A role that is reached, and the way to it: the names from the role that is held to this one. */
export interface ReachedRole {
  readonly role: RoleDefinition;
  readonly path: readonly string[];
}

/** The roles with these names and all they inherit from, each once; roles that do not exist are left out. */
export function reachedRoles(names: readonly string[], find: FindRole): ReachedRole[] {
  const reached = new Map<string, ReachedRole>();
  const visit = (name: string, before: readonly string[]): void => {
    const role = reached.has(name) ? undefined : find(name);
    if (role === undefined) return;
    const path = [...before, name];
    reached.set(name, { role, path });
    for (const parent of role.inheritsFrom) visit(parent, path);
  };
  for (const name of names) visit(name, []);
  return [...reached.values()];
}

/** What a principal has: grants of its own, and roles by name. */
export interface HeldPermissions {
  readonly grants: readonly PermissionGrant[];
  readonly roles: readonly string[];
}

/** All grants a principal has, its own and those of the roles it reaches. */
export function effectiveGrants(held: HeldPermissions, find: FindRole): PermissionGrant[] {
  return [...held.grants, ...reachedRoles(held.roles, find).flatMap(({ role }) => role.permissions)];
}

/** Throws `forbidden` unless whoever has these grants may give all of those: nobody gives what they do not have. */
export function requireMayGive(held: readonly PermissionGrant[], wanted: readonly PermissionGrant[]): void {
  const missing = wanted.find((grant) => !mayGive(held, grant));
  if (missing === undefined) return;
  throw new DomainError('forbidden', `Nobody gives what they do not have: ${missing.level} on ${missing.resource}.`);
}

/** True when whoever has these grants may give that one: it lies within one of them, in reach, level and time. */
export function mayGive(held: readonly PermissionGrant[], wanted: PermissionGrant): boolean {
  return held.some(
    (grant) =>
      covers(grant.resource, wanted.resource) &&
      includes(grant.level, wanted.level) &&
      (grant.except ?? []).every((excepted) => leavesOut(wanted, excepted)) &&
      (grant.expiresAt === undefined ||
        (wanted.expiresAt !== undefined && Date.parse(wanted.expiresAt) <= Date.parse(grant.expiresAt))),
  );
}

/** Whether a principal may, and the sentence that says why: the role or grant that gives it, or what is missing. */
export function explainPermission(
  held: HeldPermissions,
  find: FindRole,
  asked: { readonly resource: string; readonly level: AccessLevel; readonly at: Date },
): { allowed: boolean; because: string } {
  const sources = sourcesOf(held, find).filter(({ grant }) => reaches(grant, asked.resource));
  const valid = sources.filter(({ grant }) => !hasExpired(grant, asked.at));
  const giving = valid.find(({ grant }) => includes(grant.level, asked.level));
  if (giving !== undefined) return { allowed: true, because: giving.says };
  const expired = sources.find(({ grant }) => includes(grant.level, asked.level));
  if (expired !== undefined) return { allowed: false, because: `no longer: ${expired.says}` };
  const most = valid.sort((a, b) => rank(b.grant.level) - rank(a.grant.level))[0];
  if (most !== undefined) return { allowed: false, because: `${asked.level} is needed, but ${most.says}` };
  const roles = held.roles.length === 0 ? 'no roles' : `the roles ${held.roles.join(', ')}`;
  const own = held.grants.length === 0 ? 'no grants' : 'the grants';
  return { allowed: false, because: `nothing gives ${asked.resource}: the principal has ${roles} and ${own} of its own` };
}

interface Source {
  readonly grant: PermissionGrant;
  readonly says: string;
}

function sourcesOf(held: HeldPermissions, find: FindRole): Source[] {
  const own = held.grants.map((grant) => ({ grant, says: `the principal was granted ${wording(grant)}` }));
  const fromRoles = reachedRoles(held.roles, find).flatMap(({ role, path }) =>
    role.permissions.map((grant) => ({ grant, says: `the role ${chain(path)} grants ${wording(grant)}` })),
  );
  return [...own, ...fromRoles];
}

/** `a`, or `a, which inherits b, which inherits c,`. */
function chain(path: readonly string[]): string {
  return path.length === 1 ? String(path[0]) : `${path.join(', which inherits ')},`;
}

function wording({ resource, level, except = [], expiresAt }: PermissionGrant): string {
  const save = except.length === 0 ? '' : ` except ${except.join(', ')}`;
  return `${level} on ${resource}${save}${expiresAt === undefined ? '' : ` until ${expiresAt}`}`;
}

/** An exception also keeps a grant from giving a pattern that the exception is part of. */
function reaches({ resource: pattern, except = [] }: PermissionGrant, resource: string): boolean {
  return covers(pattern, resource) && !except.some((excepted) => covers(excepted, resource) || covers(resource, excepted));
}

function leavesOut(wanted: PermissionGrant, excepted: string): boolean {
  const apart = !covers(excepted, wanted.resource) && !covers(wanted.resource, excepted);
  return apart || (wanted.except ?? []).some((own) => covers(own, excepted));
}

function includes(granted: AccessLevel, level: AccessLevel): boolean {
  return rank(granted) >= rank(level);
}

function rank(level: AccessLevel): number {
  return accessLevels.indexOf(level);
}

function hasExpired({ expiresAt }: PermissionGrant, at: Date): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= at.getTime();
}
