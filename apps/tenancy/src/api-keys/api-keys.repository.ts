import { Injectable } from '@nestjs/common';
import type { BuiltInRole, KeyId, TenantId } from '@support101/contracts';
import type { ApiKey } from '../generated/prisma/client.js';
import type { TenancyTx } from '../platform/tenancy-database.js';

/** An API key's row. */
export interface ApiKeyRow extends Omit<ApiKey, 'tenantId' | 'keyId' | 'roles'> {
  readonly tenantId: TenantId;
  readonly keyId: KeyId;
  readonly roles: BuiltInRole[];
}

/** What a new key's row is made from. */
export type NewApiKeyRow = Omit<ApiKeyRow, 'revokedAt' | 'rotatedAt' | 'lastUsedAt'>;

/** The times that change after creation. */
export type ApiKeyChange = Partial<Pick<ApiKeyRow, 'expiresAt' | 'revokedAt' | 'rotatedAt'>>;

/** API keys in the database. */
@Injectable()
export class ApiKeysRepository {
  async find(tx: TenancyTx, tenantId: TenantId, keyId: KeyId): Promise<ApiKeyRow | undefined> {
    const row = await tx.prisma.apiKey.findUnique({ where: { tenantId_keyId: { tenantId, keyId } } });
    return row === null ? undefined : toRow(row);
  }

  /** Newest first: ids sort by creation time. */
  async list(tx: TenancyTx, tenantId: TenantId, before: KeyId | undefined, limit: number): Promise<ApiKeyRow[]> {
    const rows = await tx.prisma.apiKey.findMany({
      where: { tenantId, ...(before === undefined ? {} : { keyId: { lt: before } }) },
      orderBy: { keyId: 'desc' },
      take: limit,
    });
    return rows.map(toRow);
  }

  /** How many keys of the tenant are accepted at that moment. */
  countActive(tx: TenancyTx, tenantId: TenantId, at: Date): Promise<number> {
    return tx.prisma.apiKey.count({
      where: { tenantId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: at } }] },
    });
  }

  async insert(tx: TenancyTx, key: NewApiKeyRow): Promise<ApiKeyRow> {
    return toRow(await tx.prisma.apiKey.create({ data: key }));
  }

  async update(tx: TenancyTx, { tenantId, keyId }: ApiKeyRow, change: ApiKeyChange): Promise<void> {
    await tx.prisma.apiKey.update({ where: { tenantId_keyId: { tenantId, keyId } }, data: change });
  }

  async removeAll(tx: TenancyTx, tenantId: TenantId): Promise<void> {
    await tx.prisma.apiKey.deleteMany({ where: { tenantId } });
  }
}

/** Columns of free text that only this service writes, from values of these types. */
function toRow(row: ApiKey): ApiKeyRow {
  return row as ApiKeyRow;
}
