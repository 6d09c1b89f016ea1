import { type Caller, DomainError, type TenantCaller, type TenantId } from '@support101/contracts';
import type { TenantLimits, TenantStatus, TenantTier } from '@support101/contracts/tenancy';

/** What each tier may have and do at once. */
export const tierLimits = {
  free: {
    maxAgents: 2,
    maxConcurrentExecutions: 2,
    maxRequestsPerMinute: 10,
    maxStorageMb: 50,
    maxVectorDocuments: 1_000,
    maxHitlQueueSize: 10,
  },
  starter: {
    maxAgents: 5,
    maxConcurrentExecutions: 5,
    maxRequestsPerMinute: 30,
    maxStorageMb: 200,
    maxVectorDocuments: 5_000,
    maxHitlQueueSize: 50,
  },
  professional: {
    maxAgents: 20,
    maxConcurrentExecutions: 20,
    maxRequestsPerMinute: 100,
    maxStorageMb: 1_000,
    maxVectorDocuments: 50_000,
    maxHitlQueueSize: 200,
  },
  enterprise: {
    maxAgents: 100,
    maxConcurrentExecutions: 100,
    maxRequestsPerMinute: 1_000,
    maxStorageMb: 10_000,
    maxVectorDocuments: 500_000,
    maxHitlQueueSize: 1_000,
  },
} as const satisfies Record<TenantTier, TenantLimits>;

/** A tenant's own limits: any of them, each in place of its tier's. */
export type OwnLimits = { readonly [Name in keyof TenantLimits]?: TenantLimits[Name] | undefined };

/** The limits that apply: the tenant's own where set, else its tier's. */
export function limitsOf(tier: TenantTier, own: OwnLimits): TenantLimits {
  const applicable: TenantLimits = { ...tierLimits[tier] };
  for (const name of limitNames) applicable[name] = own[name] ?? applicable[name];
  return applicable;
}

/** Picks the limits out of an input that holds other fields too. */
export function ownLimits(input: OwnLimits): OwnLimits {
  return Object.fromEntries(limitNames.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]));
}

/** True when both allow the same. */
export function sameLimits(one: OwnLimits, other: OwnLimits): boolean {
  return limitNames.every((name) => one[name] === other[name]);
}

/** The ways from one status to another; a tenant can be deleted in any status. */
export const transitions = {
  activate: { from: ['pending', 'suspended', 'deactivated'], to: 'active' },
  suspend: { from: ['active'], to: 'suspended' },
  deactivate: { from: ['pending', 'active', 'suspended'], to: 'deactivated' },
} as const satisfies Record<string, { from: readonly TenantStatus[]; to: TenantStatus }>;

/** What can be done to a tenant's status. */
export type Transition = keyof typeof transitions;

/** The status after the transition; a status it does not start from is a `tenant_state_conflict`. */
export function statusAfter<T extends Transition>(transition: T, status: TenantStatus): (typeof transitions)[T]['to'] {
  const { from, to } = transitions[transition];
  if ((from as readonly TenantStatus[]).includes(status)) return to;
  throw new DomainError(
    'tenant_state_conflict',
    `Cannot ${transition} a tenant that is ${status}; it must be ${from.join(' or ')}.`,
  );
}

/** What an update may change. */
export interface Editable {
  readonly name: string;
  readonly tier: TenantTier;
  readonly allowedBlueprints: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A request to change some of it. */
export type Edit = { readonly [Name in keyof Editable]?: Editable[Name] | undefined };

/** The tenant with the edit applied, and the names of the fields that are now different. */
export function edited(tenant: Editable, edit: Edit): { after: Editable; changed: (keyof Editable)[] } {
  const after: Editable = {
    name: edit.name ?? tenant.name,
    tier: edit.tier ?? tenant.tier,
    allowedBlueprints: edit.allowedBlueprints ?? tenant.allowedBlueprints,
    settings: checkedSettings(mergedSettings(tenant.settings, edit.settings ?? {})),
  };
  const names = ['name', 'tier', 'allowedBlueprints', 'settings'] as const;
  return { after, changed: names.filter((name) => JSON.stringify(after[name]) !== JSON.stringify(tenant[name])) };
}

/** Refuses a tenant's own member who asks for what only the platform may give: a tier, blueprints. */
export function checkMayEdit(edit: Edit, principal: Caller['principal']): void {
  if (principal.type === 'platform') return;
  const field = edit.tier !== undefined ? 'tier' : edit.allowedBlueprints !== undefined ? 'allowedBlueprints' : undefined;
  if (field !== undefined) throw new DomainError('forbidden', `Only the platform may change ${field}.`);
}

/** Settings after a merge by key: a null removes its key, any other value replaces it whole. */
export function mergedSettings(current: Editable['settings'], change: Editable['settings']): Record<string, unknown> {
  const merged = { ...current, ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}

/** Refuses settings of more than 16 KiB of JSON: they travel with every answer about the tenant. */
export function checkedSettings(settings: Record<string, unknown>): Record<string, unknown> {
  if (JSON.stringify(settings).length <= 16_384) return settings;
  const issue = { path: '/settings', message: 'must not be more than 16384 characters of JSON, together with what is there' };
  throw new DomainError('validation_failed', `${issue.path}: ${issue.message}`, { issues: [issue] });
}

/** Refuses a change of something that has changed since the caller read it. */
export function checkVersion(version: number, expected: number | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new DomainError('version_mismatch', `The tenant is at version ${version}, not ${expected}.`);
}

/** Refuses to delete a tenant that has agents. */
export function checkDeletable(agents: number): void {
  if (agents > 0) throw new DomainError('tenant_has_agents', `The tenant has ${agents} agents; delete them or use force.`);
}

/** Sums counts of tenants by status and by tier; those there are none of are 0. */
export function totals(groups: readonly { status: TenantStatus; tier: TenantTier; count: number }[]) {
  const byStatus = { pending: 0, active: 0, suspended: 0, deactivated: 0 } satisfies Record<TenantStatus, number>;
  const byTier = { free: 0, starter: 0, professional: 0, enterprise: 0 } satisfies Record<TenantTier, number>;
  for (const { status, tier, count } of groups) {
    byStatus[status] += count;
    byTier[tier] += count;
  }
  return { totalTenants: groups.reduce((sum, { count }) => sum + count, 0), byStatus, byTier };
}

/** A platform principal acting on this tenant. */
export function actingOn(caller: Caller, tenantId: TenantId): TenantCaller {
  return { ...caller, tenantId };
}

const limitNames = [
  'maxAgents',
  'maxConcurrentExecutions',
  'maxRequestsPerMinute',
  'maxStorageMb',
  'maxVectorDocuments',
  'maxHitlQueueSize',
] as const satisfies readonly (keyof TenantLimits)[];
