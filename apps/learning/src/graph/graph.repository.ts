import { Injectable } from '@nestjs/common';
import type { AgentId, RunId } from '@support101/contracts';
import type { EdgeKind, NodeKind, PathId } from '@support101/contracts/learning';
import type { Tx } from '@support101/database';
import type { GraphChange } from './graph.rules.js';
import type { EdgeRow, GraphRows, NodeRow } from './graph-vertices.rules.js';

/** A resolution whose run has ended. */
export interface ResolutionRow {
  readonly runId: RunId;
  readonly category: string;
  readonly success: boolean;
  readonly approved: boolean | null;
  readonly properties: {
    readonly agentId: AgentId;
    readonly blueprint: string;
    readonly outcome: string;
    readonly confidence: number | null;
    readonly steps: string[];
    readonly usedPathId: PathId | null;
    readonly pathId?: PathId;
    readonly endedAt: string;
  };
}

/** A ticket of a customer. */
export interface TicketRow {
  readonly ticketId: string;
  readonly properties: { readonly status?: string; readonly priority?: string };
  readonly filedAt: Date;
}

/** What is read of the graph: from the tables, or from Apache AGE, with the same answers. */
export type GraphReader = Pick<GraphRepository, 'has' | 'tickets' | 'asked' | 'resolutionsOf' | 'similar' | 'newest' | 'counts'>;

const nodeColumns = 'kind, node_id as id, category, success, approved, properties, created_at as "createdAt"';
const edgeColumns =
  'kind, from_kind as "fromKind", from_id as "fromId", to_kind as "toKind", to_id as "toId", created_at as "createdAt"';
const resolution = `r.node_id as "runId", r.category, coalesce(r.approved, r.success) as success, r.approved, r.properties`;

/** The graph in the database. */
@Injectable()
export class GraphRepository {
  /**
   * Adds to what is there, and gives the nodes as they are now and the edges that are new. In the order of the keys, so
   * that two writers never wait for each other in a circle.
   */
  async add(tx: Tx, { nodes, edges }: GraphChange, at: string): Promise<GraphRows> {
    const kept = await tx.query<NodeRow>(
      `insert into graph_nodes as old (tenant_id, kind, node_id, category, success, approved, properties, created_at)
       select $1, kind, id, category, success, approved, properties, $3
       from jsonb_to_recordset($2::jsonb) as n (kind text, id text, category text, success boolean, approved boolean, properties jsonb)
       order by kind, id
       on conflict (tenant_id, kind, node_id) do update set category = coalesce(excluded.category, old.category),
         success = coalesce(excluded.success, old.success),
         approved = coalesce(old.approved or excluded.approved, old.approved, excluded.approved),
         properties = old.properties || excluded.properties, created_at = least(old.created_at, excluded.created_at)
       returning ${nodeColumns}`,
      [tx.tenantId, JSON.stringify(nodes), at],
      'graph-add-nodes',
    );
    if (edges.length === 0) return { nodes: kept, edges: [] };
    const added = await tx.query<EdgeRow>(
      `insert into graph_edges (tenant_id, kind, from_kind, from_id, to_kind, to_id, created_at)
       select $1, kind, "fromKind", "fromId", "toKind", "toId", $3
       from jsonb_to_recordset($2::jsonb) as e (kind text, "fromKind" text, "fromId" text, "toKind" text, "toId" text)
       order by kind, "fromId", "toId" on conflict do nothing returning ${edgeColumns}`,
      [tx.tenantId, JSON.stringify(edges), at],
      'graph-add-edges',
    );
    return { nodes: kept, edges: added };
  }

  /** The nodes after this one in the order of their keys. */
  nodesAfter(tx: Tx, after: NodeRow | undefined, limit: number): Promise<NodeRow[]> {
    return tx.query<NodeRow>(
      `select ${nodeColumns} from graph_nodes where tenant_id = $1 and (kind, node_id) > ($2, $3) order by kind, node_id limit $4`,
      [tx.tenantId, after?.kind ?? '', after?.id ?? '', limit],
      'graph-nodes-after',
    );
  }

  /** The edges after this one in the order of their keys, with the nodes at their ends. */
  async edgesAfter(tx: Tx, after: EdgeRow | undefined, limit: number): Promise<GraphRows> {
    const edges = await tx.query<EdgeRow>(
      `select ${edgeColumns} from graph_edges
       where tenant_id = $1 and (kind, from_kind, from_id, to_kind, to_id) > ($2, $3, $4, $5, $6)
       order by kind, from_kind, from_id, to_kind, to_id limit $7`,
      [tx.tenantId, after?.kind ?? '', after?.fromKind ?? '', after?.fromId ?? '', after?.toKind ?? '', after?.toId ?? '', limit],
      'graph-edges-after',
    );
    const ends = edges.flatMap(({ fromKind, fromId, toKind, toId }) => [
      { kind: fromKind, id: fromId },
      { kind: toKind, id: toId },
    ]);
    const nodes = await tx.query<NodeRow>(
      `select ${nodeColumns} from graph_nodes where tenant_id = $1 and (kind, node_id) in
         (select kind, id from jsonb_to_recordset($2::jsonb) as e (kind text, id text))`,
      [tx.tenantId, JSON.stringify(ends)],
      'graph-nodes-of-edges',
    );
    return { nodes, edges };
  }

  /** Deletes a node with its edges. */
  async drop(tx: Tx, kind: NodeKind, id: string): Promise<void> {
    const statement = 'delete from graph_nodes where tenant_id = $1 and kind = $2 and node_id = $3';
    await tx.query(statement, [tx.tenantId, kind, id], 'graph-drop-node');
  }

  async has(tx: Tx, kind: NodeKind, id: string): Promise<boolean> {
    const statement = 'select 1 from graph_nodes where tenant_id = $1 and kind = $2 and node_id = $3';
    return (await tx.query(statement, [tx.tenantId, kind, id], 'graph-has-node')).length > 0;
  }

  /** The customer’s tickets, newest first. */
  tickets(tx: Tx, customerId: string, limit: number): Promise<TicketRow[]> {
    return tx.query<TicketRow>(
      `select t.node_id as "ticketId", t.properties, e.created_at as "filedAt" from graph_edges e
       join graph_nodes t on t.tenant_id = e.tenant_id and t.kind = e.to_kind and t.node_id = e.to_id
       where e.tenant_id = $1 and e.kind = 'FILED' and e.from_kind = 'Customer' and e.from_id = $2
       order by e.created_at desc, t.node_id desc limit $3`,
      [tx.tenantId, customerId, limit],
      'graph-tickets',
    );
  }

  /** The ended resolutions that the customer asked for, newest first. */
  asked(tx: Tx, customerId: string, limit: number): Promise<(ResolutionRow & { readonly of: string })[]> {
    return this.#resolutions(tx, ['ASKED', 'Customer', [customerId]], limit);
  }

  /** The ended resolutions of these tickets of the customer, newest first. */
  resolutionsOf(
    tx: Tx,
    _customerId: string,
    ticketIds: readonly string[],
    limit: number,
  ): Promise<(ResolutionRow & { readonly of: string })[]> {
    return this.#resolutions(tx, ['RESOLVED_BY', 'Ticket', ticketIds], limit);
  }

  #resolutions(
    tx: Tx,
    from: readonly [EdgeKind, NodeKind, readonly string[]],
    limit: number,
  ): Promise<(ResolutionRow & { readonly of: string })[]> {
    return tx.query<ResolutionRow & { readonly of: string }>(
      `select e.from_id as "of", ${resolution} from graph_edges e
       join graph_nodes r on r.tenant_id = e.tenant_id and r.kind = e.to_kind and r.node_id = e.to_id
       where e.tenant_id = $1 and e.kind = $2 and e.from_kind = $3 and e.from_id = any ($4) and r.success is not null
       order by e.created_at desc, r.node_id desc, e.from_id limit $5`,
      [tx.tenantId, ...from, limit],
      'graph-resolutions-of',
    );
  }

  /** Successful resolutions of the category, the surest first. */
  similar(tx: Tx, category: string, limit: number): Promise<ResolutionRow[]> {
    return tx.query<ResolutionRow>(
      `select ${resolution} from graph_nodes r
       where tenant_id = $1 and kind = 'Resolution' and category = $2 and success is not null and coalesce(approved, success)
       order by (properties ->> 'confidence')::float8 desc nulls last, created_at desc, node_id desc limit $3`,
      [tx.tenantId, category, limit],
      'graph-similar',
    );
  }

  /** The newest ended resolutions of the category, good and bad. */
  newest(tx: Tx, category: string, limit: number): Promise<ResolutionRow[]> {
    return tx.query<ResolutionRow>(
      `select ${resolution} from graph_nodes r
       where tenant_id = $1 and kind = 'Resolution' and category = $2 and success is not null
       order by created_at desc, node_id desc limit $3`,
      [tx.tenantId, category, limit],
      'graph-newest',
    );
  }

  /** How many nodes and edges there are of each kind that occurs. */
  counts(tx: Tx): Promise<{ kind: NodeKind | EdgeKind; count: number }[]> {
    return tx.query(
      `select kind, count(*)::integer as count from graph_nodes where tenant_id = $1 group by kind
       union all select kind, count(*)::integer from graph_edges where tenant_id = $1 group by kind`,
      [tx.tenantId],
      'graph-counts',
    );
  }

  /** Deletes the whole graph of the transaction’s tenant. */
  async deleteAll(tx: Tx): Promise<void> {
    await tx.query('delete from graph_nodes where tenant_id = $1', [tx.tenantId], 'graph-delete-all');
  }
}
