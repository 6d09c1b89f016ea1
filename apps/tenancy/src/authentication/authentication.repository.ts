import { Injectable } from '@nestjs/common';
import type { BuiltInRole, KeyId, TenantId } from '@support101/contracts';
import type { TenantStatus, TenantTier } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import type { OwnLimits } from '../tenants/tenants.service.js';

/** What is known of a credential: its key, and the tenant it belongs to. */
export interface Credential {
  readonly tenantId: TenantId;
  readonly keyId: KeyId;
  readonly secretHash: Uint8Array;
  readonly roles: BuiltInRole[];
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly status: TenantStatus;
  readonly tier: TenantTier;
  readonly ownLimits: OwnLimits;
}

/** One use of a key. */
export interface KeyUse {
  readonly tenantId: TenantId;
  readonly keyId: KeyId;
  readonly at: Date;
}

const findCredential = `
  select k.tenant_id as "tenantId", k.key_id as "keyId", k.secret_hash as "secretHash", k.roles,
         k.expires_at as "expiresAt", k.revoked_at as "revokedAt", t.status, t.tier, t.own_limits as "ownLimits"
  from api_keys k join tenants t on t.tenant_id = k.tenant_id
  where k.public_id = $1 and t.deleted_at is null`;

// Locked in one order, or processes that write the uses of the same keys at once would wait for each other.
const recordUses = `
  with used as materialized (
    select k.tenant_id, k.key_id, u.at
      from api_keys k join unnest($1::text[], $2::text[], $3::timestamptz[]) as u (tenant_id, key_id, at) using (tenant_id, key_id)
     where k.last_used_at is null or k.last_used_at < u.at
     order by tenant_id, key_id
       for no key update of k)
  update api_keys k set last_used_at = u.at from used u where k.tenant_id = u.tenant_id and k.key_id = u.key_id`;

/** Credentials in the database, in plain SQL because every request waits for it. */
@Injectable()
export class AuthenticationRepository {
  async find(tx: Tx, publicId: string): Promise<Credential | undefined> {
    const [row] = await tx.query<Credential>(findCredential, [publicId], 'find-credential');
    return row;
  }

  /** Writes many uses in one statement; an older use never replaces a newer one. */
  async recordUses(tx: Tx, uses: readonly KeyUse[]): Promise<void> {
    const columns = [uses.map((use) => use.tenantId), uses.map((use) => use.keyId), uses.map((use) => use.at)];
    await tx.query(recordUses, columns, 'record-key-uses');
  }
}
