import { describe, expect, it } from '@jest/globals';
import { defaultEscalationRules, EscalationRule } from '@support101/contracts/hitl';
import { checkRules, rulesOf } from './escalation-policies.rules.js';

const [first, second] = defaultEscalationRules as readonly [EscalationRule, EscalationRule];

describe('the rules that apply', () => {
  it('are the default ones without a policy, in their order', () => {
    const names = ['Low Confidence Response', 'Angry Customer', 'VIP Customer', 'Repeated Failures', 'Sensitive Topic'];

    expect(rulesOf(undefined).map(({ name }) => name)).toEqual(names);
    for (const rule of defaultEscalationRules) expect(EscalationRule.parse(rule)).toEqual(rule);
  });

  it('are the enabled ones of the policy, none if it has none', () => {
    expect(rulesOf({ rules: [{ ...first, enabled: false }, second] })).toEqual([second]);
    expect(rulesOf({ rules: [] })).toEqual([]);
  });
});

describe('the rules of a policy', () => {
  it('have a name each', () => {
    expect(() => checkRules([first, second])).not.toThrow();
    expect(() => checkRules([first, second, first])).toThrow(
      expect.objectContaining({ code: 'validation_failed', issues: [expect.objectContaining({ path: '/rules/2/name' })] }),
    );
  });

  it.each([
    ['no condition', {}],
    ['a condition without bounds', { confidence: {} }],
    ['an unknown bound', { confidence: { below: 1 } }],
    ['bounds the wrong way round', { confidence: { min: 2, max: 1 } }],
    ['nothing to compare with', { confidence: null }],
  ])('with %s are refused', (_what, conditions) => {
    expect(EscalationRule.safeParse({ ...first, conditions }).success).toBe(false);
  });
});
