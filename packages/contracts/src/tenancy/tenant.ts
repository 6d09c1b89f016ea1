import { z } from 'zod';
import { TenantId } from '../kernel/ids.js';
import { Timestamp } from '../kernel/text.js';

/** What a tenant may be doing now. Only the keys of an active tenant are accepted. */
export const tenantStatuses = ['pending', 'active', 'suspended', 'deactivated'] as const;
/** A tenant's status on the wire. */
export const TenantStatus = z.enum(tenantStatuses).meta({ id: 'TenantStatus' });
export type TenantStatus = z.infer<typeof TenantStatus>;

/** What a tenant has subscribed to; it decides the limits unless they are set one by one. */
export const tenantTiers = ['free', 'starter', 'professional', 'enterprise'] as const;
/** A tenant's tier on the wire. */
export const TenantTier = z.enum(tenantTiers).meta({ id: 'TenantTier' });
export type TenantTier = z.infer<typeof TenantTier>;

const limit = z.number().int().min(0).max(1_000_000_000);

/** How much a tenant may have or do at once; 0 means nothing at all. */
export const TenantLimits = z
  .object({
    maxAgents: limit,
    maxConcurrentExecutions: limit,
    maxRequestsPerMinute: limit,
    maxStorageMb: limit,
    maxVectorDocuments: limit,
    maxHitlQueueSize: limit,
  })
  .meta({ id: 'TenantLimits' });
export type TenantLimits = z.infer<typeof TenantLimits>;

/** A tenant as its own members and the platform see it. `limits` are those that apply. */
export const Tenant = z
  .object({
    tenantId: TenantId,
    name: z.string(),
    tier: TenantTier,
    status: TenantStatus,
    statusReason: z.string().optional(),
    limits: TenantLimits,
    allowedBlueprints: z.array(z.string()),
    settings: z.record(z.string(), z.unknown()),
    version: z.number().int(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    activatedAt: Timestamp.optional(),
    suspendedAt: Timestamp.optional(),
  })
  .meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof Tenant>;
