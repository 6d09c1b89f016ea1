import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plantTree, type PlantedTree } from './planted-tree.ts';

let tree: PlantedTree;
let output: string;

const manifest = (name: string, rest: object = {}) =>
  JSON.stringify({ name, type: 'module', exports: './dist/index.js', ...rest });

beforeAll(async () => {
  tree = plantTree(['knip.jsonc', 'tsconfig.base.json'], {
    'package.json': manifest('root', { private: true }),
    'pnpm-workspace.yaml': 'packages:\n  - packages/*\ncatalog:\n  left-pad: 1.3.0\n',
    'packages/a/package.json': manifest('a', { dependencies: { 'is-odd': '3.0.1' } }),
    'packages/a/src/index.ts': "import 'is-even';\n\nexport { used } from './used.js';\n",
    'packages/a/src/used.ts': 'export const used = 1;\nexport const plantedExport = 2;\nexport type PlantedType = 3;\n',
    'packages/a/src/planted-file.ts': 'export const nobody = 1;\n',
    'packages/a/src/used.spec.ts': "import { used } from './used.js';\n\nused.toFixed();\n",
  });
  const result = await tree.run('knip', '--no-progress', '--no-config-hints', '--reporter', 'compact');
  output = result.stdout;
}, 60_000);

afterAll(() => tree.remove());

describe('unused', () => {
  it.each(['packages/a/src/planted-file.ts', 'plantedExport', 'PlantedType', 'is-odd', 'is-even', 'left-pad'])(
    'reports %s',
    (planted) => {
      expect(output).toContain(planted);
    },
  );

  it('says nothing about what is used', () => {
    expect(output).not.toContain('used.spec.ts');
    expect(output).not.toMatch(/\bused\b(?!\.ts)/);
  });
});
