import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { TenantStatus, TenantTier } from '@support101/contracts/tenancy';
import type { Prisma, Tenant } from '../generated/prisma/client.js';
import type { TenancyTx } from '../platform/tenancy-database.js';
import type { OwnLimits } from './tenants.rules.js';

/** The row of a tenant that is not deleted. */
export interface TenantRow extends Omit<Tenant, 'tenantId' | 'tier' | 'status' | 'ownLimits' | 'settings'> {
  readonly tenantId: TenantId;
  readonly tier: TenantTier;
  readonly status: TenantStatus;
  readonly ownLimits: OwnLimits;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What a new tenant's row is made from. */
export type NewTenant = Pick<TenantRow, 'tenantId' | 'name' | 'tier' | 'status' | 'settings' | 'createdAt' | 'activatedAt'> & {
  readonly allowedBlueprints: readonly string[];
};

/** The columns that change after creation; those left out stay. */
export type TenantChange = {
  readonly [Column in keyof TenantRow]?: Column extends 'allowedBlueprints' ? readonly string[] : TenantRow[Column];
};

/** Which tenants a list is about, and where it goes on. */
export interface TenantFilter {
  readonly status?: TenantStatus | undefined;
  readonly tier?: TenantTier | undefined;
  readonly before?: TenantId | undefined;
}

/** Tenants in the database. */
@Injectable()
export class TenantsRepository {
  async find(tx: TenancyTx, tenantId: TenantId): Promise<TenantRow | undefined> {
    const row = await tx.prisma.tenant.findUnique({ where: { tenantId, deletedAt: null } });
    return row === null ? undefined : toRow(row);
  }

  /** Like `find`, and keeps everybody else from changing the tenant or what it owns until the transaction ends. */
  async findForUpdate(tx: TenancyTx, tenantId: TenantId): Promise<TenantRow | undefined> {
    await tx.query('select 1 from tenants where tenant_id = $1 for update', [tenantId]);
    return this.find(tx, tenantId);
  }

  /** Newest first: ids sort by creation time. */
  async list(tx: TenancyTx, filter: TenantFilter, limit: number): Promise<TenantRow[]> {
    const { status, tier, before } = filter;
    const rows = await tx.prisma.tenant.findMany({
      where: {
        deletedAt: null,
        ...(status === undefined ? {} : { status }),
        ...(tier === undefined ? {} : { tier }),
        ...(before === undefined ? {} : { tenantId: { lt: before } }),
      },
      orderBy: { tenantId: 'desc' },
      take: limit,
    });
    return rows.map(toRow);
  }

  /** How many tenants there are of each status and tier. */
  async count(tx: TenancyTx): Promise<{ status: TenantStatus; tier: TenantTier; count: number }[]> {
    const groups = await tx.prisma.tenant.groupBy({ by: ['status', 'tier'], where: { deletedAt: null }, _count: true });
    return groups.map((group) => ({ status: group.status as TenantStatus, tier: group.tier as TenantTier, count: group._count }));
  }

  async insert(tx: TenancyTx, tenant: NewTenant): Promise<TenantRow> {
    const { settings, allowedBlueprints, ...columns } = tenant;
    const row = await tx.prisma.tenant.create({
      data: {
        ...columns,
        updatedAt: tenant.createdAt,
        settings: settings as Prisma.InputJsonObject,
        allowedBlueprints: [...allowedBlueprints],
      },
    });
    return toRow(row);
  }

  /** Writes the change as the next version. */
  async save(tx: TenancyTx, tenantId: TenantId, change: TenantChange, at: Date): Promise<TenantRow> {
    const row = await tx.prisma.tenant.update({
      where: { tenantId },
      data: { ...(change as Prisma.TenantUpdateInput), updatedAt: at, version: { increment: 1 } },
    });
    return toRow(row);
  }

  /** Empties the row and keeps its id, so that it is never given to another tenant. */
  async bury(tx: TenancyTx, tenantId: TenantId, at: Date): Promise<void> {
    const emptied = { name: '', settings: {}, ownLimits: {}, allowedBlueprints: [], statusReason: null };
    await tx.prisma.tenant.update({
      where: { tenantId },
      data: { ...emptied, status: 'deactivated', updatedAt: at, deletedAt: at, version: { increment: 1 } },
    });
  }
}

/** Columns of free text whose values the table's checks guarantee. */
function toRow(row: Tenant): TenantRow {
  return row as TenantRow;
}
