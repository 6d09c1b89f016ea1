import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import { graphName, type Tx } from '@support101/database';
import { learningSchema } from '../platform/learning-schema.js';

/** A tenant stands in the graph that is there now, not in one of the same name that was dropped. */
const standing = `graph_projections p join ag_catalog.ag_graph g on g.graphid::text = p.graph and g.name = '${graphName(learningSchema)}'`;

/** Which tenants stand in the graph of Apache AGE, and the lock between who builds there and who writes. */
@Injectable()
export class GraphProjectionsRepository {
  /** Waits for a rebuild’s step and keeps the next one out until the end of the transaction; says whether to write the graph. */
  async enter(tx: Tx): Promise<boolean> {
    const [, rows] = await Promise.all([
      tx.query(`select pg_advisory_xact_lock_shared(hashtext('graph ' || $1))`, [tx.tenantId], 'graph-enter'),
      tx.query(`select from ${standing} where p.tenant_id = $1`, [tx.tenantId], 'graph-standing'),
    ]);
    return rows.length > 0;
  }

  /**
   * Whether the tenant can be read there; if so, the transaction is made ready for Cypher. Every query of ours begins at a node
   * that an index finds; the embedded Postgres gathers no statistics and would rather read whole tables and hash them.
   */
  async open(tx: Tx): Promise<boolean> {
    const rows = await tx.query(
      `select set_config('search_path', 'ag_catalog, ${learningSchema}, public', true), '1'::ag_catalog.agtype,
         set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
         set_config('enable_mergejoin', 'off', true)
       from ${standing} where p.tenant_id = $1 and p.whole`,
      [tx.tenantId],
      'graph-open',
    );
    return rows.length > 0;
  }

  /** Keeps all writers of the tenant’s graph out until the end of the transaction. */
  async lock(tx: Tx): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtext('graph ' || $1))`, [tx.tenantId], 'graph-lock');
  }

  /** From now on writers write the graph too; nobody reads it yet. */
  async begin(tx: Tx, build: string): Promise<void> {
    await tx.query(
      `insert into graph_projections (tenant_id, graph, build, whole)
       select $1, graphid::text, $2, false from ag_catalog.ag_graph where name = '${graphName(learningSchema)}'
       on conflict (tenant_id) do update set graph = excluded.graph, build = excluded.build, whole = false`,
      [tx.tenantId, build],
      'graph-begin',
    );
  }

  /** False when another rebuild has begun since, or the tenant’s graph was given up. */
  async isBuilding(tx: Tx, build: string): Promise<boolean> {
    const text = `select from ${standing} where p.tenant_id = $1 and p.build = $2`;
    return (await tx.query(text, [tx.tenantId, build], 'graph-building')).length > 0;
  }

  async finish(tx: Tx, build: string): Promise<void> {
    const text = `update graph_projections set whole = true where tenant_id = $1 and build = $2`;
    await tx.query(text, [tx.tenantId, build], 'graph-finish');
  }

  /** From now on the tenant is read from the tables, until it is rebuilt. */
  async giveUp(tx: Tx): Promise<void> {
    await tx.query('delete from graph_projections where tenant_id = $1', [tx.tenantId], 'graph-give-up');
  }

  /** The tenants after this one that have nodes and do not stand in the graph; tenant by tenant through the index. */
  async behind(tx: Tx, after: TenantId | undefined, limit: number): Promise<TenantId[]> {
    const rows = await tx.query<{ tenantId: TenantId }>(
      `with recursive tenants as (
         (select tenant_id from graph_nodes where tenant_id > $1 order by tenant_id limit 1)
         union all
         select (select n.tenant_id from graph_nodes n where n.tenant_id > t.tenant_id order by n.tenant_id limit 1)
         from tenants t where t.tenant_id is not null
       )
       select tenant_id as "tenantId" from tenants t
       where tenant_id is not null and not exists (select from ${standing} where p.tenant_id = t.tenant_id and p.whole)
       order by tenant_id limit $2`,
      [after ?? '', limit],
      'graph-behind',
    );
    return rows.map(({ tenantId }) => tenantId);
  }
}
