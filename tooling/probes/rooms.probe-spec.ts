import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkRooms } from '../rooms/rooms.ts';
import { readTree } from '../rooms/sources.ts';

const reported = checkRooms(readTree(fileURLToPath(new URL('planted/rooms', import.meta.url)))).map(
  ({ rule, path }) => `${rule}: ${path}`,
);

describe('rooms', () => {
  it('reports exactly what is planted', () => {
    expect(reported.toSorted()).toEqual([
      'app-readme: apps/mail/README.md',
      'app-readme: apps/post/README.md',
      'capability-is-flat: apps/shop/src/orders/deep/deep.rules.ts',
      'exports-have-a-sentence: packages/contracts/src/index.ts:9',
      'file-outside-a-capability: apps/shop/src/stray.ts',
      'forbidden-name: apps/shop/src/platform/text-utils.ts',
      'forbidden-name: packages/lib/package.json',
      'forbidden-name: packages/lib/src/index.ts',
      'handlers-translate: apps/shop/src/parcels/parcels.handlers.ts:11',
      'handlers-translate: apps/shop/src/parcels/parcels.handlers.ts:3',
      'index-in-app: apps/shop/src/index.ts',
      'kebab-case: apps/shop/src/orders/ordersMoney.rules.ts',
      'main-is-short: apps/post/src/main.ts',
      'no-base-class: apps/shop/src/parcels/parcels.service.ts:2',
      'no-enum: packages/contracts/src/index.ts:4',
      'one-entry: packages/contracts/src/orders/index.ts',
      'one-entry: packages/jobs/src/index.ts',
      'one-sentence-description: apps/post/package.json',
      'repositories-take-tx: apps/shop/src/parcels/parcels.repository.ts:3',
      'rules-are-pure: apps/shop/src/parcels/parcels.rules.ts:2',
      'rules-are-pure: apps/shop/src/parcels/parcels.rules.ts:3',
      'rules-are-pure: apps/shop/src/parcels/parcels.rules.ts:4',
      'rules-are-pure: apps/shop/src/parcels/parcels.rules.ts:5',
      'rules-are-pure: apps/shop/src/parcels/parcels.rules.ts:6',
      'rules-are-pure: apps/shop/src/parcels/parcels.rules.ts:7',
      'stem-is-not-the-folder: apps/shop/src/orders/ordersMoney.rules.ts',
      'stem-is-not-the-folder: apps/shop/src/orders/parcels.service.ts',
      'test-runs-on-one-rung: apps/post/test/letters.spec.ts',
      'unknown-role: apps/shop/src/orders/orders.controller.ts',
    ]);
  });

  it('has a planted violation for every rule', () => {
    const folder = new URL('../rooms/', import.meta.url);
    const sources = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const rules = sources.flatMap((text) => [...text.matchAll(/rule: '([a-z-]+)'/g)].map((match) => match[1] ?? ''));

    expect(rules.length).toBeGreaterThan(15);
    expect(rules.filter((rule) => !reported.some((line) => line.startsWith(`${rule}: `)))).toEqual([]);
  });
});
