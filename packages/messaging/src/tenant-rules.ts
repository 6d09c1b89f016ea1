import { DomainError, type Access, type Caller, type TenantId } from '@support101/contracts';

/**
 * The caller a handler receives: checked against what the contract says about tenants. Permissions on resources are
 * the gateway's business; that no service acts for another tenant than the caller's is checked again here.
 * A platform principal, or a service of ours without a tenant, takes the tenant that the path names.
 */
export function callerFor(access: Access, input: Readonly<Record<string, unknown>>, caller: Caller): Caller {
  if (!('resource' in access)) return caller;
  const trusted = caller.principal.type === 'platform' || caller.principal.type === 'service';
  if (access.tenant === 'platform') {
    if (!trusted) throw new DomainError('forbidden');
    return caller;
  }
  if (access.tenant === 'path') {
    const named = input['tenantId'] as TenantId;
    if (caller.tenantId === named) return caller;
    if (caller.principal.type === 'platform' || (trusted && caller.tenantId === undefined)) return { ...caller, tenantId: named };
    throw new DomainError('tenant_not_found');
  }
  if (caller.tenantId === undefined) throw new DomainError('tenant_required');
  return caller;
}
