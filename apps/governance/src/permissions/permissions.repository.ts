import { Injectable } from '@nestjs/common';
import type { PermissionGrant, RoleDefinition, TenantId } from '@support101/contracts';
import type { Prisma } from '../generated/prisma/client.js';
import type { GovernanceTx } from '../platform/governance-database.js';

/** Roles, who has them, and grants, as they are changed. */
@Injectable()
export class PermissionsRepository {
  /** Keeps others from adding to what the tenant has until the transaction ends. */
  async hold(tx: GovernanceTx, tenantId: TenantId): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('permissions ' || $1, 0))`, [tenantId], 'permissions-hold');
  }

  /** False when there is a role of this name. */
  async addRole(tx: GovernanceTx, tenantId: TenantId, role: RoleDefinition, createdAt: Date): Promise<boolean> {
    const { name, description, permissions, inheritsFrom } = role;
    const data = { tenantId, name, description, inheritsFrom: [...inheritsFrom], createdAt };
    const json = permissions as unknown as Prisma.InputJsonValue;
    const { count } = await tx.prisma.role.createMany({ data: { ...data, permissions: json }, skipDuplicates: true });
    return count > 0;
  }

  /** False when the principal has the role already. */
  async assign(tx: GovernanceTx, tenantId: TenantId, principalId: string, role: string, assignedAt: Date): Promise<boolean> {
    const data = { tenantId, principalId, role, assignedAt };
    const { count } = await tx.prisma.roleAssignment.createMany({ data, skipDuplicates: true });
    return count > 0;
  }

  /** False when the principal did not have the role. */
  async unassign(tx: GovernanceTx, tenantId: TenantId, principalId: string, role: string): Promise<boolean> {
    const { count } = await tx.prisma.roleAssignment.deleteMany({ where: { tenantId, principalId, role } });
    return count > 0;
  }

  async grant(tx: GovernanceTx, tenantId: TenantId, principalId: string, grant: PermissionGrant, grantedAt: Date): Promise<void> {
    const { resource, level, except = [], expiresAt } = grant;
    const columns = { level, except: [...except], expiresAt: expiresAt === undefined ? null : new Date(expiresAt), grantedAt };
    await tx.prisma.grant.upsert({
      where: { tenantId_principalId_resource: { tenantId, principalId, resource } },
      create: { tenantId, principalId, resource, ...columns },
      update: columns,
    });
  }

  /** False when there was no such grant. */
  async revoke(tx: GovernanceTx, tenantId: TenantId, principalId: string, resource: string): Promise<boolean> {
    const { count } = await tx.prisma.grant.deleteMany({ where: { tenantId, principalId, resource } });
    return count > 0;
  }
}
