import { describe, expect, it } from '@jest/globals';
import { priorityOfLevel, titleOf } from './escalations.rules.js';

describe('an escalation by hand', () => {
  it('is the more urgent the higher it goes', () => {
    expect(priorityOfLevel).toEqual({ l1: 'medium', l2: 'medium', l3: 'high', manager: 'high', executive: 'critical' });
  });

  it('is called by its reason, on one line of a fair length', () => {
    expect(titleOf(' The customer\n waits ')).toBe('Escalation: The customer waits');
    expect(titleOf('x'.repeat(500))).toHaveLength('Escalation: '.length + 120);
    expect(titleOf(`${'x'.repeat(118)}🙂${'x'.repeat(9)}`).isWellFormed()).toBe(true);
  });
});
