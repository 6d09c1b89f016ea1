import { Injectable } from '@nestjs/common';
import type { RunId } from '@support101/contracts';
import { edgeKinds, type EdgeKind, type NodeKind, nodeKinds } from '@support101/contracts/learning';
import { graphName, graphProperty, type Tx } from '@support101/database';
import { learningSchema } from '../platform/learning-schema.js';
import type { GraphReader, ResolutionRow, TicketRow } from './graph.repository.js';
import { endsOf, type GraphRows, labelled, propertiesOf, type Vertex } from './graph-vertices.rules.js';

const graph = graphName(learningSchema);
const [tenant, id] = [graphProperty('tenantId'), graphProperty('id')];
const given = (label: string) => `jsonb_array_elements($1::jsonb -> '${label}') as x`;

/**
 * The graph in Apache AGE. Values travel as one parameter, every pattern names the tenant, and row-level security stands
 * behind both. It is read with Cypher and written as the tables that it is: MERGE knows no unique key.
 * Reading needs `standing` first, in the same transaction.
 */
@Injectable()
export class GraphCypherRepository implements GraphReader {
  /** Writes nodes and edges as they are now, in one statement. */
  async put(tx: Tx, rows: GraphRows): Promise<void> {
    await tx.query(putStatement, [JSON.stringify(labelled(tx.tenantId, rows))], 'graph-put');
  }

  /** Deletes a vertex with its edges. */
  async drop(tx: Tx, kind: NodeKind, nodeId: string): Promise<void> {
    const values = [JSON.stringify(tx.tenantId), JSON.stringify(nodeId)];
    await tx.query(dropStatements[kind], values, `graph-drop-${kind}`);
  }

  /** Deletes the whole graph of the transaction’s tenant. */
  async deleteAll(tx: Tx): Promise<void> {
    await tx.query(deleteStatement, [JSON.stringify(tx.tenantId)], 'graph-drop-all');
  }

  async has(tx: Tx, kind: NodeKind, nodeId: string): Promise<boolean> {
    const query = `match (n:${kind}) where n.tenantId = $tenantId and n.id = $id return {id: n.id}`;
    return (await cypher(tx, query, { id: nodeId }, `has-${kind}`)).length > 0;
  }

  async tickets(tx: Tx, customerId: string, limit: number): Promise<TicketRow[]> {
    const rows = await cypher<{ ticket: Vertex; filedAt: string }>(
      tx,
      `match (c:Customer)-[f:FILED]->(t:Ticket)
       where c.tenantId = $tenantId and c.id = $customerId and f.tenantId = $tenantId and t.tenantId = $tenantId
       return {ticket: properties(t), filedAt: f.createdAt} order by f.createdAt desc, t.id desc limit $limit`,
      { customerId, limit },
      'tickets',
    );
    return rows.map(({ ticket, filedAt }) => ({
      ticketId: ticket.id,
      properties: propertiesOf(ticket),
      filedAt: new Date(filedAt),
    }));
  }

  async asked(tx: Tx, customerId: string, limit: number): Promise<(ResolutionRow & { readonly of: string })[]> {
    const rows = await cypher<Vertex>(
      tx,
      `match (c:Customer)-[e:ASKED]->(r:Resolution)
       where c.tenantId = $tenantId and c.id = $customerId and e.tenantId = $tenantId and r.tenantId = $tenantId
         and r.success is not null
       return properties(r) order by e.createdAt desc, r.id desc limit $limit`,
      { customerId, limit },
      'asked',
    );
    return rows.map((vertex) => ({ of: customerId, ...toRow(vertex) }));
  }

  /** From the customer over the tickets: a list of ids would be compared with every ticket of the tenant. */
  async resolutionsOf(
    tx: Tx,
    customerId: string,
    ticketIds: readonly string[],
    limit: number,
  ): Promise<(ResolutionRow & { readonly of: string })[]> {
    const rows = await cypher<{ of: string; resolution: Vertex }>(
      tx,
      `match (c:Customer)-[f:FILED]->(t:Ticket)-[e:RESOLVED_BY]->(r:Resolution)
       where c.tenantId = $tenantId and c.id = $customerId and f.tenantId = $tenantId and t.tenantId = $tenantId
         and e.tenantId = $tenantId and r.tenantId = $tenantId and t.id in $ticketIds and r.success is not null
       return {of: t.id, resolution: properties(r)} order by e.createdAt desc, r.id desc, t.id limit $limit`,
      { customerId, ticketIds, limit },
      'resolutions-of',
    );
    return rows.map(({ of, resolution }) => ({ of, ...toRow(resolution) }));
  }

  async similar(tx: Tx, category: string, limit: number): Promise<ResolutionRow[]> {
    const rows = await cypher<Vertex>(
      tx,
      `match (r:Resolution) where r.tenantId = $tenantId and r.category = $category and r.success is not null
         and coalesce(r.approved, r.success) = true
       return properties(r) order by coalesce(r.confidence, -1.0) desc, r.createdAt desc, r.id desc limit $limit`,
      { category, limit },
      'similar',
    );
    return rows.map(toRow);
  }

  async newest(tx: Tx, category: string, limit: number): Promise<ResolutionRow[]> {
    const rows = await cypher<Vertex>(
      tx,
      `match (r:Resolution) where r.tenantId = $tenantId and r.category = $category and r.success is not null
       return properties(r) order by r.createdAt desc, r.id desc limit $limit`,
      { category, limit },
      'newest',
    );
    return rows.map(toRow);
  }

  /** Counted in the tables of the labels: Cypher would look up both ends of every edge first. */
  async counts(tx: Tx): Promise<{ kind: NodeKind | EdgeKind; count: number }[]> {
    type Count = { kind: NodeKind | EdgeKind; count: number };
    const rows = await tx.query<Count>(countStatement, [JSON.stringify(tx.tenantId)], 'graph-count');
    return rows.filter(({ count }) => count > 0);
  }
}

/** Runs a query that returns one value a row: a map. Its text is ours alone; what comes from outside is in `values`. */
async function cypher<Row>(tx: Tx, query: string, values: object, name: string): Promise<Row[]> {
  // A map is written as JSON. The function that gives it as Postgres' json is younger than the AGE of today's Debian.
  const text = `select ag_catalog.agtype_out(v)::text as row from cypher('${graph}', $$ ${query} $$, $1) as (v agtype)`;
  const rows = await tx.query<{ row: string }>(text, [JSON.stringify({ ...values, tenantId: tx.tenantId })], `cypher-${name}`);
  return rows.map(({ row }) => JSON.parse(row) as Row);
}

function toRow(vertex: Vertex): ResolutionRow {
  const { id: runId, category, success, approved } = vertex;
  const properties = propertiesOf(vertex) as unknown as ResolutionRow['properties'];
  return { runId: runId as RunId, category: category ?? '', success: approved ?? success ?? false, approved, properties };
}

/** Vertices first, each as its row says; then the edges, between the vertices that the first part has just given back. */
const putStatement = `with ${[
  ...nodeKinds.map(
    (kind) => `${kind} as (insert into ${graph}."${kind}" (properties) select x::text::ag_catalog.agtype from ${given(kind)}
      on conflict (${tenant}, ${id}) do update set properties = excluded.properties
      returning id, ag_catalog.agtype_to_text(${id}) as key)`,
  ),
  ...edgeKinds.map((kind) => {
    const [from, to] = endsOf[kind];
    return `${kind} as (insert into ${graph}."${kind}" (start_id, end_id, properties)
      select a.id, b.id, (x -> 'properties')::text::ag_catalog.agtype
      from ${given(kind)} join ${from} a on a.key = x ->> 'from' join ${to} b on b.key = x ->> 'to'
      on conflict (${tenant}, start_id, end_id) do update set properties = excluded.properties)`;
  }),
].join(', ')} select 1`;

const dropStatements = Object.fromEntries(
  nodeKinds.map((kind) => {
    const edges = edgeKinds.flatMap((edge) => [
      ...(endsOf[edge][0] === kind
        ? [`from_${edge} as (delete from ${graph}."${edge}" e using gone where e.start_id operator(ag_catalog.=) gone.id)`]
        : []),
      ...(endsOf[edge][1] === kind
        ? [`to_${edge} as (delete from ${graph}."${edge}" e using gone where e.end_id operator(ag_catalog.=) gone.id)`]
        : []),
    ]);
    const gone = `gone as (delete from ${graph}."${kind}"
      where ${tenant} operator(ag_catalog.=) $1::text::ag_catalog.agtype and ${id} operator(ag_catalog.=) $2::text::ag_catalog.agtype returning id)`;
    return [kind, `with ${[gone, ...edges].join(', ')} select 1`];
  }),
) as Record<NodeKind, string>;

const countStatement = [...nodeKinds, ...edgeKinds]
  .map(
    (kind) => `select '${kind}' as kind, count(*)::integer as count from ${graph}."${kind}"
      where ${tenant} operator(ag_catalog.=) $1::text::ag_catalog.agtype`,
  )
  .join(' union all ');

const deleteStatement = `with ${[...nodeKinds, ...edgeKinds]
  .map((kind) => `${kind} as (delete from ${graph}."${kind}" where ${tenant} operator(ag_catalog.=) $1::text::ag_catalog.agtype)`)
  .join(', ')} select 1`;
