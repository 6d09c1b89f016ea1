import { afterAll, describe, expect, it } from '@jest/globals';
import { plantTree } from './planted-tree.ts';

const tree = plantTree(['.oxfmtrc.json'], {
  'package.json': '{ "type": "module" }\n',
  'src/clean.ts': "export const clean = ['single quotes', 'semicolons'];\n",
  'src/planted.ts': 'export const planted = ["double quotes"]\n',
});
afterAll(() => tree.remove());

describe('format', () => {
  it('reports exactly what is planted', async () => {
    const { code, stdout, stderr } = await tree.run('oxfmt', '--check', '.');

    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).toContain('src/planted.ts');
    expect(`${stdout}${stderr}`).not.toContain('src/clean.ts');
  });
});
