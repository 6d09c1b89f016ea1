import { describe, expect, it } from '@jest/globals';
import { minutesOf, spansOf } from './sla.rules.js';

describe('the minutes of a policy', () => {
  it('are the default where none are given', () => {
    expect(minutesOf({})).toEqual({ critical: 5, high: 15, medium: 60, low: 240 });
    expect(minutesOf({ high: 1, low: undefined })).toEqual({ critical: 5, high: 1, medium: 60, low: 240 });
  });
});

describe('the spans of a request', () => {
  it.each([
    ['critical', 3.75, 5],
    ['low', 180, 240],
  ] as const)('of priority %s warn after %d and end after %d minutes', (priority, warn, deadline) => {
    expect(spansOf(minutesOf({}), priority)).toEqual({ warnMs: warn * 60_000, deadlineMs: deadline * 60_000 });
  });
});
