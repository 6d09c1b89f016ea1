import { describe, expect, it } from '@jest/globals';
import { checkAnswer } from './requests-edits.rules.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('an answer', () => {
  it.each([
    ['approve', { decision: 'approve' }, false],
    ['reject', { decision: 'reject' }, true],
    ['a decision of the agent’s own', { decision: 'assign_elsewhere' }, true],
    ['edit of an answer', { decision: 'edit', edits: { answer: 'Ask your bank. 🙂' } }, false],
    ['edit of an action', { decision: 'edit', edits: { amount: 5, lines: [{ sku: 'a' }] } }, true],
    ['edit of an action to one without arguments', { decision: 'edit', edits: {} }, true],
    ['respond', { decision: 'respond', response: 'We will call you.' }, false],
    ['approve with a note', { decision: 'approve', response: 'well done' }, false],
  ])('%s is taken', (_what, answer, hasAction) => {
    expect(() => checkAnswer(answer, hasAction)).not.toThrow();
  });

  it.each([
    ['edit without edits', { decision: 'edit' }, false],
    ['edit of an action without edits', { decision: 'edit' }, true],
    ['approve with edits', { decision: 'approve', edits: { answer: 'x' } }, false],
    ['edit of an answer without the answer', { decision: 'edit', edits: {} }, false],
    ['edit with an answer that is no text', { decision: 'edit', edits: { answer: 5 } }, false],
    ['edit with a blank answer', { decision: 'edit', edits: { answer: ' \n' } }, false],
    ['edit of an answer with more than that', { decision: 'edit', edits: { answer: 'x', tone: 'kind' } }, false],
    ['edit with a very long answer', { decision: 'edit', edits: { answer: 'x'.repeat(20_001) } }, false],
    ['edit with very large arguments', { decision: 'edit', edits: { text: 'x'.repeat(65_536) } }, true],
  ])('%s is refused', (_what, answer, hasAction) => {
    expect(() => checkAnswer(answer, hasAction)).toThrow(code('edits_invalid'));
  });

  it.each([[undefined], [''], [' ']])('respond with the response %p is refused', (response) => {
    expect(() => checkAnswer({ decision: 'respond', response }, false)).toThrow(code('validation_failed'));
  });
});
