import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { lintClean, lintPlantings } from './lint-plantings.ts';
import { linkPackage, plantTree, type PlantedTree } from './planted-tree.ts';

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string; readonly severity: string }[];
}

let tree: PlantedTree;
let reported: readonly { readonly code: string; readonly filename: string; readonly severity: string }[];

beforeAll(async () => {
  const tsconfig = JSON.stringify({ extends: './tsconfig.base.json', include: ['apps', 'packages'] });
  const planted = Object.fromEntries(Object.values(lintPlantings).map(([path, code]) => [path, `${code}\n`]));
  tree = plantTree(['.oxlintrc.json', 'tsconfig.base.json'], { 'tsconfig.json': tsconfig, ...planted, ...lintClean });
  for (const name of ['@types/node', '@jest/globals']) linkPackage(tree, name);
  const { stdout } = await tree.run('oxlint', '--format', 'json');
  reported = (JSON.parse(stdout) as Report).diagnostics;
}, 60_000);

afterAll(() => tree.remove());

describe('lint', () => {
  it.each(Object.entries(lintPlantings))('reports %s as an error', (rule, [path]) => {
    const alarms = reported.filter(({ code, filename }) => code === rule && filename === path);

    expect(alarms.map(({ severity }) => severity)).toContain('error');
  });

  it('says nothing about what is in order', () => {
    expect(reported.filter(({ filename }) => Object.hasOwn(lintClean, filename))).toEqual([]);
  });

  it('has a planted violation for every rule that the house chose', () => {
    const configuration = readFileSync(new URL('../../.oxlintrc.json', import.meta.url), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
    const { rules } = JSON.parse(configuration) as { rules: Readonly<Record<string, unknown>> };
    const chosen = Object.keys(rules).filter((rule) => rules[rule] !== 'off');
    const inReports = (rule: string) => (rule.includes('/') ? rule.replace('/', '(') : `eslint(${rule}`).concat(')');

    expect(chosen.map(inReports).filter((rule) => !Object.hasOwn(lintPlantings, rule))).toEqual([]);
  });
});
