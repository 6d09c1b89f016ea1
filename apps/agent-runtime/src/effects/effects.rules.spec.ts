import { describe, expect, it } from '@jest/globals';
import { hadNoEffect, standingOf } from './effects.rules.js';

describe('a call that the ledger knows', () => {
  it.each([
    ['committed', false, undefined, { kind: 'done', result: 7 }],
    ['committed', false, 'retry', { kind: 'done', result: 7 }],
    ['pending', true, undefined, { kind: 'call' }],
    ['pending', false, undefined, { kind: 'ask', attempt: 2 }],
    ['unknown', false, undefined, { kind: 'ask', attempt: 2 }],
    ['unknown', false, 'retry', { kind: 'call' }],
    ['unknown', false, 'skip', { kind: 'skip' }],
  ] as const)('that is %s (atomic %s, verdict %s) comes to %j', (state, atomic, verdict, expected) => {
    expect(standingOf({ state, attempt: 2, result: 7 }, atomic, verdict)).toEqual(expected);
  });

  it('that failed had no effect only when nobody heard it, or it was refused', () => {
    const codes = ['service_unavailable', 'article_not_found', 'deadline_exceeded', 'tool_timed_out', 'tool_failed', undefined];

    expect(codes.map(hadNoEffect)).toEqual([true, true, false, false, false, false]);
  });
});
