import { type EdgeKind, edgeKinds, type NodeKind, nodeKinds } from '@support101/contracts/learning';

/** A node as its row says it. */
export interface NodeRow {
  readonly kind: NodeKind;
  readonly id: string;
  readonly category: string | null;
  readonly success: boolean | null;
  readonly approved: boolean | null;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

/** An edge as its row says it. */
export interface EdgeRow {
  readonly kind: EdgeKind;
  readonly fromKind: NodeKind;
  readonly fromId: string;
  readonly toKind: NodeKind;
  readonly toId: string;
  readonly createdAt: Date;
}

/** Rows to be put into the graph: the nodes at the ends of the edges are among the nodes. */
export interface GraphRows {
  readonly nodes: readonly NodeRow[];
  readonly edges: readonly EdgeRow[];
}

/** The kinds of node that an edge goes from and to. */
export const endsOf = {
  FILED: ['Customer', 'Ticket'],
  ASKED: ['Customer', 'Resolution'],
  OPENED: ['Resolution', 'Ticket'],
  RESOLVED_BY: ['Ticket', 'Resolution'],
  USED_ARTICLE: ['Resolution', 'Article'],
  EXECUTED_BY: ['Resolution', 'Agent'],
} as const satisfies Record<EdgeKind, readonly [NodeKind, NodeKind]>;

/** The properties of a vertex: those of its node, and its columns beside them. */
export type Vertex = Readonly<Record<string, unknown>> & {
  readonly tenantId: string;
  readonly id: string;
  readonly category: string | null;
  readonly success: boolean | null;
  readonly approved: boolean | null;
  readonly createdAt: string;
};

/** The rows as the graph takes them: for each label what is to be there. */
export function labelled(tenantId: string | undefined, { nodes, edges }: GraphRows): Record<string, unknown> {
  return Object.fromEntries([
    ...nodeKinds.map((kind) => [kind, nodes.filter((node) => node.kind === kind).map((node) => vertexOf(tenantId, node))]),
    ...edgeKinds.map((kind) => [kind, edges.filter((edge) => edge.kind === kind).map((edge) => linkOf(tenantId, edge))]),
  ]) as Record<string, unknown>;
}

function vertexOf(tenantId: string | undefined, node: NodeRow): Record<string, unknown> {
  const { id, category, success, approved, properties, createdAt } = node;
  return { ...properties, tenantId, id, category, success, approved, createdAt: createdAt.toISOString() };
}

function linkOf(tenantId: string | undefined, { fromId, toId, createdAt }: EdgeRow): Record<string, unknown> {
  return { from: fromId, to: toId, properties: { tenantId, createdAt: createdAt.toISOString() } };
}

/** The properties that the node of this vertex has beside its columns. */
export function propertiesOf(vertex: Vertex): Readonly<Record<string, unknown>> {
  const { tenantId: _tenant, id: _id, category: _category, success: _success, approved: _approved, ...rest } = vertex;
  const { createdAt: _createdAt, ...properties } = rest;
  return properties;
}
