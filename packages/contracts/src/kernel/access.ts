/** What a caller may do with a resource; each level includes the ones before it. */
export const accessLevels = ['read', 'execute', 'admin'] as const;
export type AccessLevel = (typeof accessLevels)[number];

/**
 * Who may call a contract. There is no default: a contract without it does not compile.
 * - `public`: anybody, without credentials.
 * - `internal`: other services only; never has an HTTP route.
 * - `resource` and `level`: a caller who is granted that level on that resource (`<service>:<capability>`).
 *   `tenant` says whose rows it is about: the caller's own tenant (`caller`, the default), the tenant named in the
 *   input's `tenantId` (`path`: its own members, or a platform principal), or no tenant at all (`platform`:
 *   platform principals only).
 */
export type Access =
  | { readonly public: true }
  | { readonly internal: true }
  | { readonly resource: string; readonly level: AccessLevel; readonly tenant?: 'caller' | 'path' | 'platform' };

/** The roles that are built in. */
export const builtInRoles = ['admin', 'operator', 'reviewer', 'viewer'] as const;
export type BuiltInRole = (typeof builtInRoles)[number];
