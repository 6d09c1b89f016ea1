import { describe, expect, it } from '@jest/globals';
import { isStoppedBy } from './stops.js';

describe('isStoppedBy', () => {
  it('tells the reason of a stop from other reasons and other errors', () => {
    const stop = Object.assign(new Error('lease_lost'), { code: 'S1STP' });

    expect(isStoppedBy(stop, 'lease_lost')).toBe(true);
    expect(isStoppedBy(stop, 'no_place')).toBe(false);
    expect(isStoppedBy(Object.assign(new Error('lease_lost'), { code: '23505' }), 'lease_lost')).toBe(false);
    expect(isStoppedBy(new Error('lease_lost'), 'lease_lost')).toBe(false);
  });
});
