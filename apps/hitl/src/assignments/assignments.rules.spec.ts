import { describe, expect, it } from '@jest/globals';
import { assignsItself, mayOverride } from './assignments.rules.js';

describe('a request', () => {
  it('assigns itself when it is critical or high', () => {
    expect((['critical', 'high', 'medium', 'low'] as const).map(assignsItself)).toEqual([true, true, false, false]);
  });

  it('is taken from who has claimed it by administrators and the platform', () => {
    expect(mayOverride({ type: 'key', id: 'key_1', roles: ['reviewer', 'operator'] })).toBe(false);
    expect(mayOverride({ type: 'user', id: 'usr_1', roles: ['admin'] })).toBe(true);
    expect(mayOverride({ type: 'platform', id: 'platform', roles: [] })).toBe(true);
  });
});
