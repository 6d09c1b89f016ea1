/** Where a node stands in its file. */
export interface Positioned {
  readonly span: { readonly start: number };
}

/** The parts of swc's syntax tree that the checks look at; any of them may be absent. */
export interface Node extends Positioned {
  readonly type: string;
  readonly value?: string;
  readonly async?: boolean;
  readonly accessibility?: string;
  readonly superClass?: Node;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly arguments?: readonly unknown[];
  readonly key?: Node;
  readonly function?: {
    readonly params: readonly { readonly pat?: Node }[];
    readonly body?: { readonly stmts: readonly Node[] };
  };
}

/** The node and all below it, of one type or all. */
export function* nodesOf(node: Node, type?: string): Generator<Node> {
  if (type === undefined || node.type === type) yield node;
  for (const part of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(part) ? (part as unknown[]) : [part]) {
      if (isContainer(child)) yield* nodesOf(child, type);
    }
  }
}

/** Some containers of nodes have no type of their own (an argument, a decorator list): they are passed through. */
function isContainer(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !('start' in value);
}
