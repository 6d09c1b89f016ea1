import { Injectable } from '@nestjs/common';
import type { AccessLevel, KeyId, PermissionGrant, RoleDefinition, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { Holdings } from './decisions.rules.js';

interface HoldingsRow {
  readonly is_key: boolean;
  readonly key_roles: string[] | null;
  readonly ends_at: Date | null;
  readonly roles: string[];
}

interface GrantRow {
  readonly resource: string;
  readonly level: AccessLevel;
  readonly except: string[] | null;
  readonly expires_at: Date | null;
}

const rolesHeld = `select c.principal_id is not null as is_key, c.roles as key_roles, c.ends_at,
    array(select role from role_assignments where tenant_id = t.tenant_id and principal_id = t.principal_id order by role) as roles
  from (select $1::text as tenant_id, $2::text as principal_id) t left join credentials c using (tenant_id, principal_id)`;
const grantsHeld = `select resource, level, "except", expires_at from grants where tenant_id = $1 and principal_id = $2 order by resource`;
const ownRoles = `select name, description, permissions, inherits_from as "inheritsFrom" from roles where tenant_id = $1`;
const keyMade = `insert into credentials (tenant_id, principal_id, roles, ends_at) values ($1, $2, $3, $4)
  on conflict (tenant_id, principal_id) do update set roles = excluded.roles, ends_at = least(credentials.ends_at, excluded.ends_at)`;
const keyEnds = `insert into credentials (tenant_id, principal_id, roles, ends_at) values ($1, $2, '{}', $3)
  on conflict (tenant_id, principal_id) do update set ends_at = least(credentials.ends_at, excluded.ends_at)`;
const addRoles = `insert into role_assignments (tenant_id, principal_id, role, assigned_at)
  select $1, $2, role, $4 from unnest($3::text[]) as t (role) on conflict do nothing returning role`;
const addGrants = `insert into grants (tenant_id, principal_id, resource, level, "except", expires_at, granted_at)
  select $1, $2, resource, level, "except", "expiresAt", $4
  from jsonb_to_recordset($3::jsonb) as t (resource text, level text, "except" text[], "expiresAt" timestamptz)
  on conflict do nothing returning resource, level, "except", expires_at`;
const removals = ['roles', 'role_assignments', 'grants', 'credentials'].map(
  (table) => `delete from ${table} where tenant_id = $1`,
);

/** What principals have, as it is read for decisions; and what is known of API keys. */
@Injectable()
export class DecisionsRepository {
  async holdings(tx: Tx, tenantId: TenantId, principalId: string): Promise<Holdings> {
    const values = [tenantId, principalId];
    const [[row], grants] = await Promise.all([
      tx.query<HoldingsRow>(rolesHeld, values, 'decisions-roles'),
      tx.query<GrantRow>(grantsHeld, values, 'decisions-grants'),
    ]);
    const credential = row?.is_key === true ? { roles: row.key_roles ?? [], endsAt: row.ends_at } : undefined;
    return { credential, roles: row?.roles ?? [], grants: grants.map(toGrant) };
  }

  /** The tenant's own roles. */
  ownRoles(tx: Tx, tenantId: TenantId): Promise<RoleDefinition[]> {
    return tx.query<RoleDefinition>(ownRoles, [tenantId], 'decisions-own-roles');
  }

  /** Notes a key, also when its end was heard of first. */
  async keyMade(tx: Tx, tenantId: TenantId, keyId: KeyId, roles: readonly string[], endsAt: Date | null): Promise<void> {
    await tx.query(keyMade, [tenantId, keyId, roles, endsAt]);
  }

  /** Notes a key's end; the earliest one holds. */
  async keyEnds(tx: Tx, tenantId: TenantId, keyId: KeyId, endsAt: Date): Promise<void> {
    await tx.query(keyEnds, [tenantId, keyId, endsAt]);
  }

  /** Gives a principal roles and grants, and says which were new: one on a resource that is granted already stays away. */
  async add(
    tx: Tx,
    tenantId: TenantId,
    principalId: string,
    { roles, grants }: Pick<Holdings, 'roles' | 'grants'>,
    at: Date,
  ): Promise<Pick<Holdings, 'roles' | 'grants'>> {
    const [assigned, granted] = await Promise.all([
      tx.query<{ role: string }>(addRoles, [tenantId, principalId, roles, at], 'decisions-add-roles'),
      tx.query<GrantRow>(addGrants, [tenantId, principalId, JSON.stringify(grants), at], 'decisions-add-grants'),
    ]);
    return { roles: assigned.map(({ role }) => role), grants: granted.map(toGrant) };
  }

  async removeAll(tx: Tx, tenantId: TenantId): Promise<void> {
    await Promise.all(removals.map((statement) => tx.query(statement, [tenantId])));
  }
}

function toGrant({ resource, level, except, expires_at: expiresAt }: GrantRow): PermissionGrant {
  return {
    resource,
    level,
    ...(except === null || except.length === 0 ? {} : { except }),
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
  };
}
