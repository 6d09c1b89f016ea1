import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { registry } from '../all.js';
import { breakingChanges } from './compatibility.js';
import { documents } from './documents.js';
import { snapshot, type ContractsSnapshot } from './snapshot.js';

const generated = documents(registry);
const committed = (name: string) => readFileSync(new URL(`../../../../docs/generated/${name}`, import.meta.url), 'utf8');

describe('docs/generated', () => {
  it.each(Object.keys(generated))('%s is current (node tooling/generate.mjs makes it so)', (name) => {
    const same = committed(name) === generated[name];

    expect(same).toBe(true);
  });

  it('breaks nobody who relies on the contracts as they were generated last', () => {
    const previous = JSON.parse(committed('contracts.json')) as ContractsSnapshot;

    expect(breakingChanges(previous, snapshot(registry))).toEqual([]);
  });
});
