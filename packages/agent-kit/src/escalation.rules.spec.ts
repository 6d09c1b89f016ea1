import { describe, expect, it } from '@jest/globals';
import { defaultEscalationRules, type EscalationCondition, type EscalationRule } from '@support101/contracts/hitl';
import { firstMatch } from './escalation.rules.js';

const rule = (conditions: Record<string, EscalationCondition>, over: Partial<EscalationRule> = {}): EscalationRule => ({
  name: 'Rule',
  trigger: 'low_confidence',
  level: 'l2',
  priority: 'medium',
  enabled: true,
  conditions,
  ...over,
});

describe('the default escalation rules', () => {
  it.each([
    [{ confidence: 0.75 }, 'Low Confidence Response'],
    [{ confidence: 0 }, 'Low Confidence Response'],
    [{ confidence: 0.751 }, undefined],
    [{ sentiment: 'angry' }, 'Angry Customer'],
    [{ sentiment: 'neutral' }, undefined],
    [{ isVip: true }, 'VIP Customer'],
    [{ isVip: false }, undefined],
    [{ failureCount: 3 }, 'Repeated Failures'],
    [{ failureCount: 2 }, undefined],
    [{ topic: 'legal' }, 'Sensitive Topic'],
    [{ topic: 'billing' }, undefined],
    [{ confidence: 0.9, topic: 'privacy' }, 'Sensitive Topic'],
    [{ confidence: 0.1, topic: 'privacy' }, 'Low Confidence Response'],
    [{}, undefined],
  ])('for %j give %s', (signals, expected) => {
    expect(firstMatch(defaultEscalationRules, signals)?.name).toBe(expected);
  });
});

describe('a rule', () => {
  it.each([
    ['whose signal is missing', { confidence: { max: 0.5 } }, {}],
    ['whose signal is null', { confidence: { max: 0.5 } }, { confidence: null }],
    ['whose signal is no number', { confidence: { max: 0.5 } }, { confidence: '0.1' }],
    ['of which one condition does not hold', { confidence: { max: 0.5 }, isVip: true }, { confidence: 0.1, isVip: false }],
    ['that excludes the value', { topic: { notIn: ['legal'] } }, { topic: 'legal' }],
    ['that excludes other values of a missing signal', { topic: { notIn: ['legal'] } }, {}],
    ['that asks for what every object inherits', { constructor: { notIn: ['x'] } }, {}],
    ['without conditions', {}, { confidence: 0 }],
    ['with an empty condition', { confidence: {} }, { confidence: 0 }],
  ])('%s does not match', (_name, conditions, signals) => {
    expect(firstMatch([rule(conditions)], signals)).toBeUndefined();
  });

  it('matches at its bounds', () => {
    const within = [rule({ confidence: { min: 0.2, max: 0.4 } })];

    const matched = [0.19, 0.2, 0.4, 0.41].map((confidence) => firstMatch(within, { confidence }) !== undefined);

    expect(matched).toEqual([false, true, true, false]);
  });

  it('that is disabled is passed over, and the first that matches wins', () => {
    const rules = [
      rule({ isVip: true }, { name: 'Off', enabled: false }),
      rule({ isVip: true }, { name: 'First' }),
      rule({ isVip: true }),
    ];

    expect(firstMatch(rules, { isVip: true })?.name).toBe('First');
  });
});
