import { afterAll, describe, expect, it } from '@jest/globals';
import { plantTree } from './planted-tree.ts';

const planted = {
  'no-implicit-any.ts': 'export const a = (b) => b;\n',
  'unchecked-index.ts': 'export const a = (b: string[]): string => b[0];\n',
  'exact-optional.ts': 'export const a: { b?: string } = { b: undefined };\n',
  'missing-override.ts': 'class A { b() {} }\nexport class C extends A { b() {} }\n',
};
const tree = plantTree(['tsconfig.base.json'], {
  'tsconfig.json': JSON.stringify({ extends: './tsconfig.base.json', compilerOptions: { noEmit: true, types: [] } }),
  'clean.ts': 'export const a = (b: readonly string[]): string | undefined => b[0];\n',
  ...planted,
});
afterAll(() => tree.remove());

describe('types', () => {
  it('reports exactly what is planted', async () => {
    const { code, stdout } = await tree.run('tsc', '--pretty', 'false');

    expect(code).not.toBe(0);
    expect([...stdout.matchAll(/^([a-z-]+\.ts)\(/gm)].map((match) => match[1] ?? '').toSorted()).toEqual(
      Object.keys(planted).toSorted(),
    );
  });
});
