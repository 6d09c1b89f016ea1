import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import configuration from '../../.dependency-cruiser.mjs';
import { plantTree, type PlantedTree } from './planted-tree.ts';

interface Report {
  readonly summary: { readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[] };
}

let tree: PlantedTree;
let reported: string[];

beforeAll(async () => {
  const zod = { 'node_modules/zod/package.json': '{ "main": "index.js" }', 'node_modules/zod/index.js': '' };
  tree = plantTree(['.dependency-cruiser.mjs', 'tooling/boundaries-resolve.cjs'], zod, 'boundaries');
  const { stdout } = await tree.run('depcruise', 'apps', 'packages', '--output-type', 'json');
  reported = (JSON.parse(stdout) as Report).summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
}, 60_000);

afterAll(() => tree.remove());

describe('boundaries', () => {
  it('reports exactly what is planted', () => {
    expect(reported.toSorted()).toEqual([
      'capabilities-meet-at-services: apps/shop/src/orders/orders.consumers.ts',
      'carriers-know-no-service: packages/jobs/src/planted-service.ts',
      'contracts-know-only-zod: packages/contracts/src/planted-import.ts',
      'doors-do-not-reach-repositories: apps/shop/src/orders/orders.handlers.ts',
      'imports-resolve: packages/jobs/src/planted-nowhere.ts',
      'no-cycles: packages/jobs/src/planted-cycle-other.ts',
      'only-repositories-touch-prisma: apps/shop/src/orders/orders.graph.ts',
      'packages-meet-at-their-entry: packages/jobs/src/planted-deep-import.ts',
      'packages-never-import-apps: packages/jobs/src/planted-app.ts',
      'platform-knows-no-capability: apps/shop/src/platform/planted-capability.ts',
      'rules-are-pure: apps/shop/src/parcels/parcels.rules.ts',
      'rules-take-types-from-packages-only: apps/shop/src/parcels/parcels-tax.rules.ts',
      'services-meet-only-on-the-wire: apps/shop/src/orders/orders.client.ts',
      'source-never-imports-tests: packages/jobs/src/planted-fake.ts',
      'standalone-composes-by-module: apps/standalone/src/planted-service.ts',
    ]);
  });

  it('has a planted violation for every rule', () => {
    const fired = new Set(reported.map((line) => line.split(':')[0]));
    const { forbidden } = configuration as { forbidden: readonly { readonly name: string }[] };

    expect(forbidden.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
  });
});
