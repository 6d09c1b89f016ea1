import type { TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';

/** The same few statements on each table whose rows a tenant and an id name; ids sort by creation time. */
export function rowsById<Row extends object, Id extends string>(table: string, idColumn: string, columns: string) {
  const ofTenant = `select ${columns} from ${table} where tenant_id = $1`;
  const one = async (tx: Tx, text: string, key: [TenantId, Id], name?: string): Promise<Row | undefined> => {
    const [row] = await tx.query<Row>(text, key, name);
    return row;
  };
  return {
    find: (tx: Tx, tenantId: TenantId, id: Id) => one(tx, `${ofTenant} and ${idColumn} = $2`, [tenantId, id], `${table}-find`),
    findForUpdate: (tx: Tx, tenantId: TenantId, id: Id) =>
      one(tx, `${ofTenant} and ${idColumn} = $2 for update`, [tenantId, id], `${table}-hold`),
    /** Newest first. */
    list: (tx: Tx, tenantId: TenantId, before: Id | undefined, limit: number): Promise<Row[]> =>
      tx.query<Row>(`${ofTenant} and ($2::text is null or ${idColumn} < $2) order by ${idColumn} desc limit $3`, [
        tenantId,
        before ?? null,
        limit,
      ]),
    /** Undefined when there is none. */
    remove: (tx: Tx, tenantId: TenantId, id: Id) =>
      one(tx, `delete from ${table} where tenant_id = $1 and ${idColumn} = $2 returning ${columns}`, [tenantId, id]),
  };
}
