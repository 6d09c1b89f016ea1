import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, goesToAgent, isOutage, refusal, retryDelay } from './execution.rules.js';

const step = { action: 'search', input: {} };

describe('decide', () => {
  it('goes on with the step while there are steps left', () => {
    expect(decide(step, 4, 5)).toEqual({ kind: 'step', action: step });
  });

  it('fails a run that wants one step too many, and names the limit', () => {
    expect(decide(step, 5, 5)).toMatchObject({
      kind: 'failed',
      code: 'step_limit_reached',
      detail: expect.stringContaining('5'),
    });
  });

  it('completes and fails as planned, also when no step is left', () => {
    expect(decide({ finish: { answer: 'yes' }, outcome: 'resolved' }, 5, 5)).toEqual({
      kind: 'completed',
      output: { answer: 'yes' },
      outcome: 'resolved',
    });
    expect(decide({ fail: 'no_supported_answer', detail: 'Nothing found.' }, 5, 5)).toEqual({
      kind: 'failed',
      code: 'no_supported_answer',
      detail: 'Nothing found.',
    });
  });

  it('never lets a run take more steps than its limit', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 1, max: 100 }), (done, limit) => {
        expect(decide(step, done, limit).kind === 'step').toBe(done < limit);
      }),
    );
  });
});

describe('retryDelay', () => {
  it('waits longer each time, and gives up after three', () => {
    const delays = [1, 2, 3, 4].map((attempt) => retryDelay('rate_limited', attempt));

    expect(delays).toEqual([250, 1_000, 4_000, undefined]);
    expect(retryDelay('tool_timed_out', 1)).toBe(250);
  });

  it('waits about two minutes for a service that is away', () => {
    const delays = Array.from({ length: 28 }, (_, index) => retryDelay('service_unavailable', index + 1));

    expect(delays.slice(0, 5)).toEqual([250, 1_000, 4_000, 5_000, 5_000]);
    expect(delays.at(-1)).toBeUndefined();
    expect(delays.reduce<number>((sum, delay) => sum + (delay ?? 0), 0)).toBe(125_250);
    expect(isOutage('rate_limited')).toBe(false);
  });

  it('does not repeat what cannot get better', () => {
    expect(retryDelay('tool_input_invalid', 1)).toBeUndefined();
    expect(retryDelay('internal', 1)).toBeUndefined();
  });
});

describe('a decision', () => {
  it('is the agent’s to make something of when the agent asked', () => {
    expect((['agent', 'rule', 'approval', 'effect'] as const).filter(goesToAgent)).toEqual(['agent']);
    expect(refusal('agent', 'reject')).toBeUndefined();
  });

  it.each([
    ['rule', 'approve', undefined],
    ['rule', 'edit', 'decision_not_expected'],
    ['approval', 'approve', undefined],
    ['approval', 'edit', undefined],
    ['approval', 'reject', 'rejected_by_reviewer'],
    ['effect', 'retry', undefined],
    ['effect', 'skip', undefined],
    ['effect', 'fail', 'effect_unknown'],
  ] as const)('about what the runtime asked (%s: %s) comes to %s', (kind, decision, expected) => {
    expect(refusal(kind, decision)).toBe(expected);
  });
});
