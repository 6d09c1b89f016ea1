import {
  builtInRole,
  type BuiltInRole,
  DomainError,
  effectiveGrants,
  type PermissionGrant,
  type Principal,
  requireMayGive,
} from '@support101/contracts';
import type { ApiKey } from '@support101/contracts/tenancy';

/**
 * An API key is `s101_<public id>_<secret><checksum>`, all base62: 11 characters (64 random bits) to find it by,
 * 43 (256 random bits) that only its holder knows, 6 of CRC-32 over what stands before, so that a mistyped or cut
 * key is refused without asking the database, and secret scanners can tell a key from noise.
 */
const form = /^(s101_[0-9A-Za-z]{11}_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;
const lengths = { publicId: 11, secret: 43, checksum: 6, key: 66 } as const;

/** Random bytes that a key is made of. */
export const randomBytesOf = { publicId: 8, secret: 32 } as const;

/** The parts of a key: what it is found by, and what proves it. */
export interface KeyParts {
  readonly publicId: string;
  readonly secret: string;
}

/** Makes the parts of a key from random bytes: 8 and 32 of them. */
export function keyParts(random: { publicId: Uint8Array; secret: Uint8Array }): KeyParts {
  return {
    publicId: base62(toBigInt(random.publicId), lengths.publicId),
    secret: base62(toBigInt(random.secret), lengths.secret),
  };
}

/** The key as its holder sees it. */
export function formatKey(parts: KeyParts): string {
  const body = `${keyPrefix(parts.publicId)}_${parts.secret}`;
  return body + checksum(body);
}

/** What a key begins with: enough to recognise it, not enough to use it. */
export function keyPrefix(publicId: string): string {
  return `s101_${publicId}`;
}

/** The parts of a presented key; undefined for anything that cannot be one. */
export function readKey(presented: string): KeyParts | undefined {
  if (presented.length !== lengths.key) return undefined;
  const [, body, check] = form.exec(presented) ?? [];
  if (body === undefined || check !== checksum(body)) return undefined;
  const [, publicId = '', secret = ''] = body.split('_');
  return { publicId, secret };
}

/** The times that decide whether a key is accepted. */
export interface KeyTimes {
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** What a key is at a moment. From the moment of its expiry on it is expired. */
export function keyStatus(key: KeyTimes, now: Date): ApiKey['status'] {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : 'active';
}

/** Active keys a tenant may have at once. */
export const maxActiveKeys = 50;

/** Refuses one more key than a tenant may have. */
export function checkRoom(activeKeys: number): void {
  if (activeKeys >= maxActiveKeys) {
    throw new DomainError('limit_exceeded', `A tenant may have ${maxActiveKeys} active keys; revoke one first.`);
  }
}

/** Refuses an expiry that is not in the future. */
export function checkExpiry(expiresAt: Date | null, now: Date): void {
  if (expiresAt === null || expiresAt > now) return;
  const issue = { path: '/expiresAt', message: 'must be in the future' };
  throw new DomainError('validation_failed', `${issue.path}: ${issue.message}`, { issues: [issue] });
}

/** When a rotated key ends: after the grace, but never later than it would have anyway. */
export function endAfterGrace(key: KeyTimes & { rotatedAt: Date | null }, graceSeconds: number, now: Date): Date {
  if (keyStatus(key, now) !== 'active' || key.rotatedAt !== null) throw new DomainError('api_key_inactive');
  const end = new Date(now.getTime() + graceSeconds * 1000);
  return key.expiresAt !== null && key.expiresAt < end ? key.expiresAt : end;
}

/** The roles without repetitions, in the order given. */
export function distinct(roles: readonly BuiltInRole[]): BuiltInRole[] {
  return [...new Set(roles)];
}

/**
 * Refuses a key with more than whoever makes it may do. What counts are the roles of the credential: what governance
 * gave besides is not known here, and who has more by that gives it away there.
 */
export function checkMayMake({ type, roles: own }: Principal, roles: readonly BuiltInRole[]): void {
  if (type === 'platform' || type === 'service') return;
  requireMayGive(grantsOf(own), grantsOf(roles));
}

function grantsOf(roles: readonly string[]): PermissionGrant[] {
  return effectiveGrants({ grants: [], roles }, builtInRole);
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(value: bigint, length: number): string {
  let digits = '';
  for (let rest = value; digits.length < length; rest /= 62n) digits = alphabet.charAt(Number(rest % 62n)) + digits;
  return digits;
}

function toBigInt(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function checksum(text: string): string {
  return base62(BigInt(crc32(text)), lengths.checksum);
}

/** CRC-32 (ISO-HDLC, as in zip) of a text of single-byte characters. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let index = 0; index < text.length; index += 1) {
    crc ^= text.charCodeAt(index);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
