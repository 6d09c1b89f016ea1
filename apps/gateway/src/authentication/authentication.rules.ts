const bearer = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** The credential in an Authorization header, or undefined when there is none that could be one. */
export function bearerCredential(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
}

/** True for what looks like a tenant's API key; anything else need not be looked up. */
export function looksLikeTenantKey(credential: string): boolean {
  return /^s101_[A-Za-z0-9_-]{16,200}$/.test(credential);
}

/** Until when the owner of a key may be remembered, in Unix milliseconds: never past the key's own end. */
export function rememberUntil(now: number, cacheMs: number, expiresAt: string | undefined): number {
  return Math.min(now + cacheMs, expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt));
}
