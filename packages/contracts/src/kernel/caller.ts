import { z } from 'zod';
import { TenantId } from './ids.js';

/** Who acts: an API key, the platform key, a person signed in by OIDC, a service of ours, or an agent. */
export const Principal = z.object({
  type: z.enum(['key', 'platform', 'user', 'service', 'agent']),
  id: z.string().min(1).max(200),
  roles: z.array(z.string()),
});
export type Principal = z.infer<typeof Principal>;

/** What travels with every command, in headers: who asks, for which tenant, until when, and as part of what. */
export const Caller = z.object({
  tenantId: TenantId.optional(),
  principal: Principal,
  correlationId: z.string().min(1).max(200),
  /** The event or command that led to this one. */
  causationId: z.string().optional(),
  traceparent: z.string().optional(),
  /** Unix milliseconds after which nobody waits for the answer any more. */
  deadlineAt: z.number().optional(),
  idempotencyKey: z.string().min(1).max(255).optional(),
});
export type Caller = z.infer<typeof Caller>;

/** A caller whose tenant is known: what handlers of tenant contracts receive. */
export type TenantCaller = Caller & { readonly tenantId: TenantId };

/** The caller a service is when it acts on its own account, for example in a job. */
export function serviceCaller(service: string, correlationId: string, tenantId?: TenantId): Caller {
  return {
    principal: { type: 'service', id: service, roles: [] },
    correlationId,
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}
