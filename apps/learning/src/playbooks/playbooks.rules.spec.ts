import { describe, expect, it } from '@jest/globals';
import { newId } from '@support101/service-kit';
import { draftOf, fingerprintText, type Sample, successRate } from './playbooks.rules.js';

function sample(over: Partial<Sample> = {}): Sample {
  const runId = newId('run');
  return { case: runId, runId, blueprint: 'support_agent', success: true, steps: ['search', 'answer'], ...over };
}

const times = (count: number, over: Partial<Sample> = {}) => Array.from({ length: count }, () => sample(over));

describe('a playbook', () => {
  it('is drafted from three distinct cases that agree', () => {
    const samples = times(3);

    expect(draftOf(samples)).toEqual({
      ...{ blueprint: 'support_agent', steps: ['search', 'answer'], successCount: 3, failureCount: 0 },
      sources: samples.map(({ runId }) => runId),
    });
  });

  it.each([
    ['nothing', []],
    ['two cases', times(2)],
    ['three uses of one golden path', times(3, { case: 'gpt_1' })],
    ['three failures', times(3, { success: false })],
    ['three runs whose steps are not known', times(3, { steps: [] })],
    ['three cases of two blueprints', [...times(2), sample({ blueprint: 'triage' })]],
    ['three cases of two sequences', [...times(2), sample({ steps: ['answer', 'search'] })]],
  ])('is not drafted from %s', (_name, samples) => {
    expect(draftOf(samples)).toBeUndefined();
  });

  it('has the steps of most cases', () => {
    const draft = draftOf([
      ...times(3, { steps: ['a'] }),
      ...times(4, { steps: ['b'] }),
      ...times(20, { steps: ['c'], case: 'one' }),
    ]);

    expect(draft).toMatchObject({ steps: ['b'], successCount: 4 });
  });

  it('has, of steps with as many cases, those that failed less', () => {
    const draft = draftOf([
      ...times(3, { steps: ['a'] }),
      ...times(3, { steps: ['b'] }),
      sample({ steps: ['a'], success: false }),
    ]);

    expect(draft?.steps).toEqual(['b']);
  });

  it('counts failures on the way through its steps, and no others', () => {
    const failure = { success: false };
    const draft = draftOf([
      ...times(3),
      ...times(1, failure),
      ...times(1, { ...failure, steps: ['search'] }),
      ...times(1, { ...failure, steps: ['search', 'ask'] }),
      ...times(1, { ...failure, blueprint: 'triage' }),
    ]);

    expect(draft).toMatchObject({ successCount: 3, failureCount: 2 });
    expect(successRate(draft ?? { successCount: 0, failureCount: 0 })).toBeCloseTo(0.6);
  });

  it('lets the newest run speak for its case', () => {
    const draft = draftOf([...times(3), sample({ case: 'gpt_1', success: false }), ...times(2, { case: 'gpt_1' })]);

    expect(draft).toMatchObject({ successCount: 3, failureCount: 1 });
  });

  it('is another for another category', () => {
    const draft = { blueprint: 'b', steps: ['a'] };

    expect(fingerprintText('billing', draft)).not.toBe(fingerprintText('general', draft));
    expect(successRate({ successCount: 0, failureCount: 0 })).toBe(0);
  });
});
