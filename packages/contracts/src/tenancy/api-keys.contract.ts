import { z } from 'zod';
import { builtInRoles } from '../kernel/access.js';
import { event, rpc } from '../kernel/contract.js';
import { KeyId, TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';
import { TenantLimits } from './tenant.js';

const resource = 'tenancy:api-keys';
const Role = z.enum(builtInRoles);
const Roles = z.array(Role).min(1).max(builtInRoles.length);

/** An API key as lists show it: without its secret. */
export const ApiKey = z
  .object({
    keyId: KeyId,
    tenantId: TenantId,
    name: z.string(),
    prefix: z.string().meta({ description: 'The key’s beginning, to recognise it by', examples: ['s101_4kJ2mQx8Zr1b'] }),
    roles: z.array(Role),
    status: z.enum(['active', 'expired', 'revoked']),
    createdAt: Timestamp,
    expiresAt: Timestamp.optional(),
    revokedAt: Timestamp.optional(),
    lastUsedAt: Timestamp.optional().meta({ description: 'To the minute; uses of the last minute may be missing' }),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof ApiKey>;

/** A new API key: the only answer that ever holds the secret. */
export const NewApiKey = ApiKey.extend({
  key: z
    .string()
    .optional()
    .meta({ description: 'The credential. Shown once: a repeated request with the same Idempotency-Key is answered without it' }),
}).meta({ id: 'NewApiKey' });
export type NewApiKey = z.infer<typeof NewApiKey>;

/** Makes an API key of a tenant; `forbidden` when its roles grant anything that those of the caller’s credential do not. */
export const createApiKey = rpc('tenancy.api-keys.create.v1', {
  summary: 'Create an API key; its secret is shown in this answer only',
  access: { resource, level: 'admin', tenant: 'path' },
  http: {
    method: 'POST',
    path: '/v1/tenants/{tenantId}/api-keys',
    status: 201,
    location: (key) => `/v1/tenants/${key.tenantId}/api-keys/${key.keyId}`,
  },
  input: z.object({ tenantId: TenantId, name: text(120), roles: Roles, expiresAt: Timestamp.optional() }),
  output: NewApiKey,
  errors: ['tenant_not_found', 'limit_exceeded'],
});

/** Lists a tenant’s API keys, also those that ended. */
export const listApiKeys = rpc('tenancy.api-keys.list.v1', {
  summary: 'List a tenant’s API keys, newest first',
  access: { resource, level: 'read', tenant: 'path' },
  http: { method: 'GET', path: '/v1/tenants/{tenantId}/api-keys' },
  input: z.object({ tenantId: TenantId, ...pageQuery }),
  output: page(ApiKey),
  errors: ['tenant_not_found', 'cursor_invalid'],
});

/** Ends an API key now, also one that may do more than the caller: to take away is not to give. */
export const revokeApiKey = rpc('tenancy.api-keys.revoke.v1', {
  summary: 'Revoke an API key at once; revoking it again changes nothing',
  access: { resource, level: 'admin', tenant: 'path' },
  http: { method: 'DELETE', path: '/v1/tenants/{tenantId}/api-keys/{keyId}', status: 204 },
  input: z.object({ tenantId: TenantId, keyId: KeyId }),
  output: z.object({}),
  errors: ['tenant_not_found', 'api_key_not_found'],
});

/**
 * Makes the successor of an API key; `forbidden` when its roles grant anything that those of the caller’s credential do
 * not. Governance gives it within moments what the old key has there, as far as the caller may give that.
 */
export const rotateApiKey = rpc('tenancy.api-keys.rotate.v1', {
  summary: 'Replace an API key by a new one with the same name and roles; the old one stays valid for the grace given',
  access: { resource, level: 'admin', tenant: 'path' },
  http: {
    method: 'POST',
    path: '/v1/tenants/{tenantId}/api-keys/{keyId}/rotate',
    status: 201,
    location: (key) => `/v1/tenants/${key.tenantId}/api-keys/${key.keyId}`,
  },
  input: z.object({
    tenantId: TenantId,
    keyId: KeyId,
    graceSeconds: z.number().int().min(0).max(604_800).default(0).meta({
      description: 'How long the old key is still accepted, at most 7 days; 0 ends it at once, as for a leaked key',
    }),
    expiresAt: Timestamp.optional().meta({ description: 'When the new key ends; left out: as the old one would have' }),
  }),
  output: NewApiKey,
  errors: ['tenant_not_found', 'api_key_not_found', 'api_key_inactive', 'limit_exceeded'],
});

/** Finds tenant and roles for a credential; for the gateway only. */
export const authenticateKey = rpc('tenancy.api-keys.authenticate.v1', {
  summary: 'Tell whose key this is',
  access: { internal: true },
  // Anything a client may send as a credential: whatever is not a key is unauthenticated, never invalid input.
  input: z.object({ key: z.string() }),
  output: z.object({
    tenantId: TenantId,
    keyId: KeyId,
    roles: z.array(Role),
    expiresAt: Timestamp.optional(),
    limits: TenantLimits.pick({ maxRequestsPerMinute: true }),
  }),
  errors: ['unauthenticated', 'tenant_inactive'],
});

const fact = z.object({ tenantId: TenantId, keyId: KeyId });

/** Recorded with a new key, also with the successor of a rotated one. */
export const apiKeyCreated = event('tenancy.api-keys.created.v1', {
  summary: 'An API key was created',
  data: fact.extend({ name: z.string(), roles: z.array(Role), expiresAt: Timestamp.optional() }),
  resource: (data) => `api-key:${data.keyId}`,
  audit: 'api_key_created',
});

/** Recorded when a key was revoked: caches of credentials drop it. */
export const apiKeyRevoked = event('tenancy.api-keys.revoked.v1', {
  summary: 'An API key is not valid any more',
  data: fact,
  resource: (data) => `api-key:${data.keyId}`,
  audit: 'api_key_revoked',
});

/** Recorded when a key was replaced: caches of credentials take over the old one’s new end. */
export const apiKeyRotated = event('tenancy.api-keys.rotated.v1', {
  summary: 'An API key was replaced by a new one; the old one ends at the time given',
  data: fact.extend({ replacedBy: KeyId, endsAt: Timestamp }),
  resource: (data) => `api-key:${data.keyId}`,
  audit: 'api_key_revoked',
});
