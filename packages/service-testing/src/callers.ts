import type { Caller, TenantCaller, TenantId } from '@support101/contracts';

const correlationId = 'cor_of_a_test';

/** The platform's operator. */
export const platform: Caller = { principal: { type: 'platform', id: 'platform', roles: [] }, correlationId };

/** Somebody with these roles in a tenant, known by the id of the key. */
export function memberOf(tenantId: TenantId, roles: string[], id = 'key_of_a_test'): TenantCaller {
  return { tenantId, principal: { type: 'key', id, roles }, correlationId };
}

/** An administrator of one tenant. */
export function adminOf(tenantId: TenantId): TenantCaller {
  return memberOf(tenantId, ['admin']);
}

/** An operator of one tenant. */
export function operatorOf(tenantId: TenantId): TenantCaller {
  return memberOf(tenantId, ['operator']);
}
