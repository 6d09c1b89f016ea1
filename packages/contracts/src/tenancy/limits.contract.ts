import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { TenantId } from '../kernel/ids.js';
import { Tenant, TenantLimits, TenantStatus, TenantTier } from './tenant.js';

/** Replaces all of a tenant’s own limits. */
export const setTenantLimits = rpc('tenancy.limits.set.v1', {
  summary: 'Set limits of a tenant’s own; a limit that is left out is the one of its tier again',
  access: { resource: 'tenancy:limits', level: 'admin', tenant: 'platform' },
  http: { method: 'PUT', path: '/v1/tenants/{tenantId}/limits', etag: true },
  input: z.object({
    tenantId: TenantId,
    ...TenantLimits.partial().shape,
    expectedVersion: z.number().int().positive().optional(),
  }),
  output: Tenant,
  errors: ['tenant_not_found', 'version_mismatch'],
});

/** Reads the limits that apply to a tenant, with what else decides whether it may work. */
export const tenantLimits = rpc('tenancy.limits.get.v1', {
  summary: 'What a tenant may have and do, for the services that enforce it',
  access: { internal: true },
  input: z.object({ tenantId: TenantId }),
  output: z.object({
    tenantId: TenantId,
    status: TenantStatus,
    tier: TenantTier,
    limits: TenantLimits,
    allowedBlueprints: z.array(z.string()),
  }),
  errors: ['tenant_not_found'],
});

/** Recorded when the limits that apply to a tenant became others. */
export const limitsChanged = event('tenancy.limits.changed.v1', {
  summary: 'Other limits apply to a tenant from now on, by its tier or its own',
  data: z.object({ tenantId: TenantId, limits: TenantLimits }),
  resource: (data) => `tenant:${data.tenantId}`,
  audit: 'tenant_updated',
});
