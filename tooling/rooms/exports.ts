import { nameOf, type Node, nodesOf, textBefore } from './syntax.ts';

/** Declarations that bring their sentence with them: a contract has a summary, an id names its kind. */
const speaking = new Set(['rpc', 'event', 'stream', 'id']);

/** What a package exports without a sentence about it. A type that is derived from a value shares the value's. */
export function* undocumentedExports(module: Node, text: string) {
  const known = new Set<string>();
  for (const { type, declaration, span } of module.body ?? []) {
    if (type !== 'ExportDeclaration' || declaration === undefined) continue;
    const declared = declaration.declarations?.[0] ?? declaration;
    const name = nameOf(declared.identifier ?? declared.id);
    const silent = !isDocumented(textBefore(text, span.start)) && !speaksForItself(declared);
    if (silent && !known.has(name)) yield { rule: 'exports-have-a-sentence', detail: `${name} says nothing about itself`, span };
    known.add(name);
  }
}

function isDocumented(before: string): boolean {
  return /\*\/\s*(@\w+(\([^]*?\))?\s*)*$/.test(before);
}

function speaksForItself(declared: Node): boolean {
  if (declared.type === 'TsTypeAliasDeclaration') return !nodesOf(declared, 'TsTypeQuery').next().done;
  return speaking.has(nameOf(declared.init?.callee));
}
