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
  readonly body?: readonly Node[];
  readonly declaration?: Node;
  readonly declarations?: readonly Node[];
  readonly id?: Node;
  readonly identifier?: Node;
  readonly init?: Node;
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

/** `a.b` for a member expression of names, `a` for a name, else nothing. */
export function nameOf(node: Node | undefined): string {
  if (node?.type === 'Identifier') return node.value ?? '';
  if (node?.type !== 'MemberExpression') return '';
  return `${nameOf(node.object)}.${nameOf(node.property)}`;
}

/** What stands before a position; swc counts bytes from one. */
export function textBefore(text: string, position: number): string {
  return Buffer.from(text)
    .subarray(0, position - 1)
    .toString();
}

/** The line of a position, from one. */
export function lineAt(text: string, position: number): number {
  return textBefore(text, position).split('\n').length;
}
