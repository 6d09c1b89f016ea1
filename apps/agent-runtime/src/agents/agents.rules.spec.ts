import { describe, expect, it } from '@jest/globals';
import { changedFields, mergeConfig, patched } from './agents.rules.js';

const agent = {
  name: 'Ada',
  description: 'Answers',
  status: 'active',
  config: { maxIterations: 5, tone: { warm: 1, short: 2 } },
} as const;

describe('mergeConfig', () => {
  it('lays the given fields over the present ones, and null takes a field away', () => {
    expect(mergeConfig({ a: 1, b: 2, c: 3 }, { b: 20, c: null, d: 4 })).toEqual({ a: 1, b: 20, d: 4 });
  });

  it('keeps false and 0', () => {
    expect(mergeConfig({ a: 1 }, { a: 0, b: false })).toEqual({ a: 0, b: false });
  });
});

describe('patched and changedFields', () => {
  it('keep what the patch leaves out, and find nothing changed', () => {
    const after = patched(agent, {}, { tone: { short: 2, warm: 1 }, maxIterations: 5 });

    expect(after).toEqual(agent);
    expect(changedFields(agent, after)).toEqual([]);
  });

  it('name each changed field', () => {
    const after = patched(agent, { name: 'Bo', description: null, status: 'disabled' }, { maxIterations: 6 });

    expect(after).toEqual({ name: 'Bo', description: null, status: 'disabled', config: { maxIterations: 6 } });
    expect(changedFields(agent, after)).toEqual(['name', 'description', 'status', 'config']);
  });
});
