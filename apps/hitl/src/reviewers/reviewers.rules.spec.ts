import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Candidate, checkMayHold, choose, distinct } from './reviewers.rules.js';

const someone: Candidate & { name?: string } = {
  ...{ skills: [], available: true, capacity: 10, openAssignments: 0, lastAssignedAt: null },
};
const at = (minute: number) => new Date(Date.UTC(2026, 0, 5, 9, minute));

describe('choosing a reviewer', () => {
  it('takes the one with the least to do', () => {
    const candidates = [
      { ...someone, name: 'busy', openAssignments: 2 },
      { ...someone, name: 'idle', openAssignments: 1 },
    ];

    expect(choose(candidates, [])?.name).toBe('idle');
  });

  it('among equals takes who was last given something longest ago', () => {
    const candidates = [
      { ...someone, name: 'just now', lastAssignedAt: at(9) },
      { ...someone, name: 'before', lastAssignedAt: at(1) },
      { ...someone, name: 'never' },
    ];

    expect(choose(candidates, [])?.name).toBe('never');
    expect(choose(candidates.slice(0, 2), [])?.name).toBe('before');
  });

  it.each([
    ['is away', { ...someone, available: false }, []],
    ['has no room', { ...someone, capacity: 2, openAssignments: 2 }, []],
    ['takes nothing', { ...someone, capacity: 0 }, []],
    ['lacks a skill', { ...someone, skills: ['billing'] }, ['billing', 'german']],
  ])('passes over one who %s', (_what, candidate, skills) => {
    expect(choose([candidate], skills)).toBeUndefined();
  });

  it('compares skills without regard to case', () => {
    expect(choose([{ ...someone, skills: ['Billing', 'legal'] }], ['billing'])).toBeDefined();
  });

  it('finds somebody exactly when somebody can, and nobody with less to do is passed over', () => {
    const anyone = fc.record({
      skills: fc.subarray(['billing', 'legal', 'german']),
      available: fc.boolean(),
      capacity: fc.integer({ min: 0, max: 3 }),
      openAssignments: fc.integer({ min: 0, max: 3 }),
      lastAssignedAt: fc.option(fc.integer({ min: 0, max: 5 }).map(at)),
    });
    fc.assert(
      fc.property(fc.array(anyone), fc.subarray(['billing', 'legal']), (candidates, skills) => {
        const able = candidates.filter(
          (each) =>
            each.available && each.openAssignments < each.capacity && skills.every((skill) => each.skills.includes(skill)),
        );

        const chosen = choose(candidates, skills);

        expect(chosen === undefined).toBe(able.length === 0);
        if (chosen === undefined) return;
        expect(able).toContain(chosen);
        expect(Math.min(...able.map((each) => each.openAssignments))).toBe(chosen.openAssignments);
      }),
    );
  });
});

describe('giving something to a reviewer', () => {
  it('is fine up to the capacity, the new one counted', () => {
    expect(() => checkMayHold({ ...someone, capacity: 2, openAssignments: 2 })).not.toThrow();
  });

  it.each([
    ['away', { ...someone, available: false }],
    ['full', { ...someone, capacity: 2, openAssignments: 3 }],
  ])('who is %s is refused', (_what, candidate) => {
    expect(() => checkMayHold(candidate)).toThrow(expect.objectContaining({ code: 'reviewer_unavailable' }));
  });
});

describe('distinct', () => {
  it('keeps the first of those that differ in case only', () => {
    expect(distinct(['Billing', 'legal', 'billing', 'LEGAL'])).toEqual(['Billing', 'legal']);
  });
});
