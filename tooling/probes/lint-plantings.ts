const modules = [
  'assert',
  'buffer',
  'child_process',
  'crypto',
  'dgram',
  'dns',
  'events',
  'fs',
  'http',
  'https',
  'net',
  'os',
  'path',
  'stream',
  'tls',
  'url',
];

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

/** For each rule of the linter that the house chose, code that breaks it; the place in the tree where it matters. */
export const lintPlantings: Readonly<Record<string, readonly [path: string, code: string]>> = {
  'eslint(max-lines)': ['packages/a/src/max-lines.ts', lines(301, (index) => `export const a${index} = ${index};`)],
  'eslint(max-lines-per-function)': [
    'packages/a/src/max-lines-per-function.ts',
    `export function long(take: (n: number) => void) {\n${lines(61, (index) => `  take(${index});`)}\n}`,
  ],
  'eslint(max-params)': [
    'apps/a/src/orders/orders.service.ts',
    'export class A {\n  constructor(a: number, b: number, c: number, d: number, e: number, f: number) {\n    this.sum = a + b + c + d + e + f;\n  }\n  sum: number;\n}',
  ],
  'eslint(max-depth)': [
    'packages/a/src/max-depth.ts',
    'export function deep(a: number) {\n  if (a > 1) { if (a > 2) { if (a > 3) { if (a > 4) { if (a > 5) { return 1; } } } } }\n  return 0;\n}',
  ],
  'eslint(complexity)': [
    'packages/a/src/complexity.ts',
    `export function many(a: number) {\n${lines(12, (index) => `  if (a === ${index}) return ${index};`)}\n  return -1;\n}`,
  ],
  'import(max-dependencies)': [
    'packages/a/src/max-dependencies.ts',
    lines(
      16,
      (index) =>
        `export * as a${index} from 'node:${modules[index]}';\nimport * as b${index} from 'node:${modules[index]}';\nvoid b${index};`,
    ),
  ],
  'typescript(no-explicit-any)': ['packages/a/src/any.ts', 'export const a = (value: any) => typeof value;'],
  'typescript(no-unsafe-argument)': [
    'packages/a/src/argument.ts',
    "export const a = () => Number.parseInt(JSON.parse('1'), 10);",
  ],
  'typescript(no-unsafe-assignment)': ['packages/a/src/assignment.ts', "export const a: { b: string } = JSON.parse('{}');"],
  'typescript(no-unsafe-call)': [
    'packages/a/src/call.ts',
    "const a = JSON.parse('1') as () => void;\nexport const b = () => void JSON.parse('1')();\na();",
  ],
  'typescript(no-unsafe-member-access)': ['packages/a/src/member.ts', "export const a = () => String(JSON.parse('1').b);"],
  'typescript(no-unsafe-return)': ['packages/a/src/return.ts', "export const a = () => JSON.parse('1');"],
  'typescript(no-non-null-assertion)': ['packages/a/src/assertion.ts', 'export const a = (b?: { c: number }) => b!.c;'],
  'typescript(no-misused-spread)': ['packages/a/src/spread.ts', 'export const a = (b: Promise<number>) => ({ ...b });'],
  'typescript(no-floating-promises)': ['packages/a/src/floating.ts', 'export function a() {\n  Promise.resolve();\n}'],
  'typescript(no-misused-promises)': [
    'packages/a/src/misused.ts',
    'export const a = (b: Promise<boolean>) => {\n  if (b) return 1;\n  return 0;\n};',
  ],
  'typescript(return-await)': [
    'packages/a/src/return-await.ts',
    'export async function a(b: () => Promise<number>) {\n  try {\n    return b();\n  } catch {\n    return 0;\n  }\n}',
  ],
  'typescript(prefer-promise-reject-errors)': ['packages/a/src/reject.ts', "export const a = () => Promise.reject('no error');"],
  'typescript(only-throw-error)': ['packages/a/src/throw.ts', "export function a() {\n  throw 'no error';\n}"],
  'typescript(switch-exhaustiveness-check)': [
    'packages/a/src/switch.ts',
    "export function a(b: 'x' | 'y') {\n  switch (b) {\n    case 'x':\n      return 1;\n  }\n  return 0;\n}",
  ],
  'typescript(no-unnecessary-type-assertion)': ['packages/a/src/unnecessary.ts', 'export const a = (b: string) => b as string;'],
  'import(no-default-export)': ['packages/a/src/default.ts', 'export default 1;'],
  'node(no-process-env)': ['apps/a/src/orders/orders.client.ts', "export const a = () => process.env['HOME'];"],
  'eslint(no-console)': ['apps/a/src/orders/orders.jobs.ts', "console.log('a');"],
  'eslint(no-var)': ['packages/a/src/var.ts', 'export var a = 1;'],
  'eslint(prefer-const)': ['packages/a/src/const.ts', 'let a = 1;\nexport const b = a;'],
  'eslint(eqeqeq)': ['packages/a/src/equal.ts', 'export const a = (b: unknown) => b == 1;'],
  'eslint(no-restricted-imports)': [
    'apps/a/src/orders/orders.module.ts',
    "import { forwardRef } from '@nestjs/common';\n\nexport const a: unknown = forwardRef;",
  ],
  'jest(expect-expect)': [
    'packages/a/src/a.spec.ts',
    "import { it } from '@jest/globals';\n\nit('asserts nothing', () => undefined);",
  ],
  'jest(no-focused-tests)': [
    'packages/a/src/b.spec.ts',
    "import { expect, it } from '@jest/globals';\n\nit.only('runs alone', () => {\n  expect(1).toBe(1);\n});",
  ],
  'jest(no-disabled-tests)': [
    'packages/a/src/c.spec.ts',
    "import { expect, it } from '@jest/globals';\n\nit.skip('never runs', () => {\n  expect(1).toBe(1);\n});",
  ],
  'jest(no-identical-title)': [
    'packages/a/src/d.spec.ts',
    "import { expect, it } from '@jest/globals';\n\nit('twice', () => {\n  expect(1).toBe(1);\n});\nit('twice', () => {\n  expect(1).toBe(1);\n});",
  ],
};

/** What looks like a violation and is none: the linter must say nothing about these. */
export const lintClean: Readonly<Record<string, string>> = {
  'apps/a/src/env.ts': "export const env = () => process.env['HOME'];\n",
  'tooling/clean.mjs': "export default process.env.HOME;\nconsole.log('tooling may');\n".replace(
    'export default',
    'export const home =',
  ),
  'packages/a/src/clean.spec.ts':
    "import { describe, expect, it } from '@jest/globals';\n\ndescribe('a', () => {\n  it('asserts', () => {\n    expect(1).toBe(1);\n  });\n});\n",
};
