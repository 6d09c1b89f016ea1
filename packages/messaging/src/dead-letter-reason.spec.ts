import { describe, expect, it } from '@jest/globals';
import { showableReason } from './dead-letter-reason.js';

const runId = 'run_01jd5m6wz5f9r8x2k3c4v7b6n1';
const data = {
  runId,
  input: { query: 'My card is 4111 1111 1111 1111', tags: ['vip', 'hunter2!'] },
  nested: [{ url: 'https://a.example/secret-path' }],
};
const shown = (reason: string) => showableReason(reason, { data });

describe('the reason of a dead letter as it is shown', () => {
  it.each([
    ['names what the handler said', 'the table is full', 'the table is full'],
    ['keeps ids', `no row for ${runId}`, `no row for ${runId}`],
    ['has no text of the event', `bad query: "My card is 4111 1111 1111 1111"`, 'bad query: "[removed]"'],
    ['has no short text of the event', 'password hunter2! refused', 'password [removed] refused'],
    ['has no part of a text of the event', 'cannot reach a.example/secret-path today', 'cannot reach [removed] today'],
    ['is the first line', 'first\n  at secret (file.ts:1)', 'first'],
  ])('%s', (_, reason, expected) => {
    expect(shown(reason)).toBe(expected);
  });

  it('is short', () => {
    expect(shown('x'.repeat(10_000))).toHaveLength(300);
  });
});
