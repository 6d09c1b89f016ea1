import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';

/** Every table of this service’s own that has rows of tenants; those that refer to others first. */
export const tenantTables = [
  'sla_policies',
  'calendars',
  'escalation_policies',
  'requests',
  'reviewers',
  'queue_totals',
] as const;

/** All that there is of a tenant in the database. */
@Injectable()
export class TenantsRepository {
  async removeAll(tx: Tx, tenantId: TenantId): Promise<void> {
    for (const table of tenantTables) await tx.query(`delete from ${table} where tenant_id = $1`, [tenantId]);
  }
}
