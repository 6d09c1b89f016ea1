import type { TenantId } from '@support101/contracts';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import type { Delivery } from '@support101/messaging';
import type { ServiceDatabase } from '@support101/service-kit';

/**
 * From the end of this on the database skips every new row of the tenant, and what was written before is there to be
 * deleted. A transaction of its own: it waits for writers, who must not wait for what a deletion holds.
 */
export async function buryTenant(database: ServiceDatabase, tenantId: TenantId): Promise<void> {
  await database.forTenant(tenantId, async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtext('learning tenant ' || $1))`, [tenantId], 'tenant-lock');
    await tx.query('insert into deleted_tenants (tenant_id) values ($1) on conflict do nothing', [tenantId], 'tenant-bury');
  });
}

/** Buries a deleted tenant, and then deletes by `run` what there is of it. */
export async function forgetTenant(
  database: ServiceDatabase,
  delivery: Delivery<typeof tenantDeleted>,
  run: (tx: Tx) => Promise<void>,
): Promise<void> {
  await buryTenant(database, delivery.event.tenantid);
  await database.onceDelivered(delivery, run);
}

/** Whether the transaction’s tenant was deleted; until the transaction ends it is not buried in between. */
export async function isDeleted(tx: Tx): Promise<boolean> {
  const [row] = await tx.query<{ deleted: boolean }>('select is_deleted($1) as deleted', [tx.tenantId], 'tenant-is-deleted');
  return row?.deleted === true;
}
