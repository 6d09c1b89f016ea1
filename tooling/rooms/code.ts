import { parseSync, type Module } from '@swc/core';
import { isTest, type Tree, type Violation } from './sources.ts';
import { undocumentedExports } from './exports.ts';
import { lineAt, nameOf, type Node, nodesOf, type Positioned } from './syntax.ts';

type Check = (module: Node, text: string) => Iterable<Omit<Violation, 'path'> & Positioned>;

/** What a file may contain, by its role. */
const checks: readonly (readonly [RegExp, Check])[] = [
  [/^(apps|packages|tooling|test|bench)\/.*\.ts$/, enums],
  [/\.rules\.ts$/, impurities],
  [/\.(service|repository)\.ts$/, baseClasses],
  [/\.handlers\.ts$/, handlerLogic],
  [/\.repository\.ts$/, repositoryTransactions],
  [/^packages\/[^/]+\/src\//, undocumentedExports],
];

/** Reads the syntax of every source file and looks for what its role forbids. */
export function checkCode(tree: Tree): Violation[] {
  return tree.files.flatMap((path) => {
    const applicable = checks.filter(([pattern, check]) => pattern.test(path) && (check === enums || !isTest(path)));
    if (applicable.length === 0) return [];
    const text = tree.read(path);
    const module = parseSync(text, {
      syntax: 'typescript',
      decorators: true,
      target: 'es2022',
    }) satisfies Module as unknown as Node;
    return applicable.flatMap(([, check]) =>
      [...check(module, text)].map(({ rule, detail, span }) => ({ rule, path: `${path}:${lineAt(text, span.start)}`, detail })),
    );
  });
}

function* enums(module: Node) {
  for (const node of nodesOf(module, 'TsEnumDeclaration')) {
    yield { rule: 'no-enum', detail: 'write a constant object and the union of its values', span: node.span };
  }
}

/** What gives another answer at another time or in another process. */
const impureCalls = new Set([
  'Date',
  'Date.now',
  'Math.random',
  'performance.now',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);
const waitingCalls = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch']);
const surroundings = new Set(['process', 'console', 'globalThis']);

function* impurities(module: Node) {
  for (const node of nodesOf(module)) {
    const what = impurityOf(node);
    if (what !== undefined)
      yield { rule: 'rules-are-pure', detail: `${what}: rules get it handed in, or leave it to the service`, span: node.span };
  }
}

function impurityOf(node: Node): string | undefined {
  if (node.async === true) return 'async';
  if (node.type === 'NewExpression') return nameOf(node.callee) === 'Date' && !node.arguments?.length ? 'new Date()' : undefined;
  if (node.type === 'MemberExpression') return surroundings.has(nameOf(node.object)) ? nameOf(node.object) : undefined;
  if (node.type !== 'CallExpression') return undefined;
  const called = nameOf(node.callee);
  return impureCalls.has(called) || waitingCalls.has(called) ? called : undefined;
}

function* baseClasses(module: Node) {
  for (const node of [...nodesOf(module, 'ClassDeclaration'), ...nodesOf(module, 'ClassExpression')]) {
    // An error class has no other way to be one.
    if (node.superClass && !nameOf(node.superClass).endsWith('Error'))
      yield { rule: 'no-base-class', detail: 'share functions, not parents', span: node.span };
  }
}

function* handlerLogic(module: Node) {
  for (const method of methodsOf(module)) {
    const statements = method.function?.body?.stmts ?? [];
    const branches = [...nodesOf(method)].find((node) =>
      /^(If|For|ForOf|ForIn|While|DoWhile|Switch|Try)Statement$/.test(node.type),
    );
    if (statements.length > 3)
      yield { rule: 'handlers-translate', detail: `${statements.length} statements, at most 3`, span: method.span };
    if (branches !== undefined)
      yield { rule: 'handlers-translate', detail: 'decides something: that is a rule', span: branches.span };
  }
}

function* repositoryTransactions(module: Node) {
  for (const method of methodsOf(module)) {
    if (method.accessibility === 'private' || method.key?.type === 'PrivateName') continue;
    const [first] = method.function?.params ?? [];
    if (first?.pat?.value !== 'tx') {
      yield {
        rule: 'repositories-take-tx',
        detail: `${method.key?.value ?? 'a method'}: its first parameter is tx`,
        span: method.span,
      };
    }
  }
}

function* methodsOf(module: Node): Generator<Node> {
  for (const node of nodesOf(module)) {
    if (node.type === 'ClassMethod' || node.type === 'PrivateMethod') yield node;
  }
}
