import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { FreeObject, text } from '../kernel/text.js';
import { Tenant, TenantStatus, TenantTier } from './tenant.js';

const AllowedBlueprints = z
  .array(text(100))
  .max(100)
  .meta({ description: 'Names of the blueprints the tenant may use; empty: all' });
const Reason = text(500).meta({ description: 'Why; kept with the tenant and in the audit' });

const platform = { resource: 'tenancy:tenants', level: 'admin', tenant: 'platform' } as const;

/** Makes a tenant; the caller gets its id and limits. */
export const createTenant = rpc('tenancy.tenants.create.v1', {
  summary: 'Create a tenant, pending unless it is to be active at once',
  access: platform,
  http: { method: 'POST', path: '/v1/tenants', status: 201, location: (tenant) => `/v1/tenants/${tenant.tenantId}` },
  input: z.object({
    name: text(120),
    tier: TenantTier.default('starter'),
    autoActivate: z.boolean().default(false),
    allowedBlueprints: AllowedBlueprints.default([]),
    settings: FreeObject.default({}),
  }),
  output: Tenant,
  errors: [],
});

/** Lists the tenants that are not deleted, newest first. */
export const listTenants = rpc('tenancy.tenants.list.v1', {
  summary: 'List tenants, newest first',
  access: { ...platform, level: 'read' },
  http: { method: 'GET', path: '/v1/tenants' },
  input: z.object({ status: TenantStatus.optional(), tier: TenantTier.optional(), ...pageQuery }),
  output: page(Tenant),
  errors: ['cursor_invalid'],
});

/** Reads one tenant; a deleted one is not found. */
export const getTenant = rpc('tenancy.tenants.get.v1', {
  summary: 'Get a tenant',
  access: { resource: 'tenancy:tenants', level: 'read', tenant: 'path' },
  http: { method: 'GET', path: '/v1/tenants/{tenantId}', etag: true },
  input: z.object({ tenantId: TenantId }),
  output: Tenant,
  errors: ['tenant_not_found'],
});

/** Changes what people edit about a tenant. */
export const updateTenant = rpc('tenancy.tenants.update.v1', {
  summary: 'Change a tenant; tier and allowed blueprints by the platform only. Settings are merged by key, null removes one',
  access: { resource: 'tenancy:tenants', level: 'admin', tenant: 'path' },
  http: { method: 'PATCH', path: '/v1/tenants/{tenantId}', etag: true },
  input: z.object({
    tenantId: TenantId,
    name: text(120).optional(),
    tier: TenantTier.optional(),
    allowedBlueprints: AllowedBlueprints.optional(),
    settings: FreeObject.optional(),
    expectedVersion: z.number().int().positive().optional(),
  }),
  output: Tenant,
  errors: ['tenant_not_found', 'version_mismatch'],
});

/** Removes a tenant; its id is never used again. */
export const deleteTenant = rpc('tenancy.tenants.delete.v1', {
  summary: 'Delete a tenant for good; one that still has agents only by force, which removes them too',
  access: platform,
  http: { method: 'DELETE', path: '/v1/tenants/{tenantId}', status: 204 },
  input: z.object({ tenantId: TenantId, force: z.boolean().default(false) }),
  output: z.object({}),
  errors: ['tenant_not_found', 'tenant_has_agents'],
});

/** Moves a tenant to `active`. */
export const activateTenant = rpc('tenancy.tenants.activate.v1', {
  summary: 'Let a pending, suspended or deactivated tenant work',
  access: platform,
  http: { method: 'POST', path: '/v1/tenants/{tenantId}/activate' },
  input: z.object({ tenantId: TenantId }),
  output: Tenant,
  errors: ['tenant_not_found', 'tenant_state_conflict'],
});

/** Moves a tenant from `active` to `suspended`. */
export const suspendTenant = rpc('tenancy.tenants.suspend.v1', {
  summary: 'Stop an active tenant for a reason, for example an unpaid bill',
  access: platform,
  http: { method: 'POST', path: '/v1/tenants/{tenantId}/suspend' },
  input: z.object({ tenantId: TenantId, reason: Reason }),
  output: Tenant,
  errors: ['tenant_not_found', 'tenant_state_conflict'],
});

/** Moves a tenant to `deactivated`. */
export const deactivateTenant = rpc('tenancy.tenants.deactivate.v1', {
  summary: 'Take a tenant out of use; it can be activated again until it is deleted',
  access: platform,
  http: { method: 'POST', path: '/v1/tenants/{tenantId}/deactivate' },
  input: z.object({ tenantId: TenantId }),
  output: Tenant,
  errors: ['tenant_not_found', 'tenant_state_conflict'],
});

const count = z.number().int().nonnegative();

/** The figures of the platform’s tenant page. */
export const tenantsOverview = rpc('tenancy.tenants.overview.v1', {
  summary: 'Count tenants by status and tier, and all agents',
  access: { ...platform, level: 'read' },
  http: { method: 'GET', path: '/v1/tenants/stats/overview' },
  input: z.object({}),
  output: z
    .object({
      totalTenants: count,
      byStatus: z.record(TenantStatus, count),
      byTier: z.record(TenantTier, count),
      totalAgents: count,
    })
    .meta({ id: 'TenantsOverview' }),
  errors: [],
});

const fact = z.object({ tenantId: TenantId });
const resource = (data: z.infer<typeof fact>): string => `tenant:${data.tenantId}`;

/** Recorded with the tenant’s first row. */
export const tenantCreated = event('tenancy.tenants.created.v1', {
  summary: 'A tenant was created',
  data: fact.extend({ name: z.string(), tier: TenantTier, status: TenantStatus }),
  resource,
  audit: 'tenant_created',
});

/** Recorded when an update changed something; `changed` says what. */
export const tenantUpdated = event('tenancy.tenants.updated.v1', {
  summary: 'A tenant’s name, tier, allowed blueprints or settings were changed',
  data: fact.extend({
    name: z.string(),
    tier: TenantTier,
    allowedBlueprints: z.array(z.string()),
    changed: z.array(z.enum(['name', 'tier', 'allowedBlueprints', 'settings'])),
  }),
  resource,
  audit: 'tenant_updated',
});

/** Recorded when a tenant became active. */
export const tenantActivated = event('tenancy.tenants.activated.v1', {
  summary: 'A tenant may work from now on',
  data: fact.extend({ from: TenantStatus }),
  resource,
  audit: 'tenant_updated',
});

/** Recorded when a tenant was suspended: running work stops. */
export const tenantSuspended = event('tenancy.tenants.suspended.v1', {
  summary: 'A tenant was stopped for a reason',
  data: fact.extend({ from: TenantStatus, reason: z.string() }),
  resource,
  audit: 'tenant_updated',
});

/** Recorded when a tenant was deactivated: running work stops. */
export const tenantDeactivated = event('tenancy.tenants.deactivated.v1', {
  summary: 'A tenant was taken out of use',
  data: fact.extend({ from: TenantStatus }),
  resource,
  audit: 'tenant_updated',
});

/** Recorded when a tenant was deleted. */
export const tenantDeleted = event('tenancy.tenants.deleted.v1', {
  summary: 'A tenant is gone for good: every service removes what it holds of it',
  data: fact.extend({ force: z.boolean() }),
  resource,
  audit: 'tenant_deleted',
});
