import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { addUsage, defineTask, noUsage } from './task.js';

const task = (output: z.ZodType, name = 'answer_question') =>
  defineTask({ name, instructions: 'Answer.', input: z.object({}), output, offline: () => ({}) });

describe('defineTask', () => {
  it('shows its output as a strict JSON schema without lengths of text', () => {
    const defined = task(z.object({ answer: z.string().min(1).max(9).nullable(), of: z.array(z.object({ n: z.int().min(1) })) }));

    expect(defined.outputSchema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['answer', 'of'],
      properties: { answer: { type: ['string', 'null'] }, of: { items: { additionalProperties: false } } },
    });
    expect(JSON.stringify(defined.outputSchema)).not.toMatch(/minLength|maxLength|\$schema/);
  });

  it.each([
    [
      'an optional property',
      z.object({ list: z.array(z.object({ a: z.string().optional() })) }),
      'must be nullable, not optional',
    ],
    ['an open object', z.object({ all: z.record(z.string(), z.string()) }), 'must be a closed object'],
    ['no object', z.string(), 'must be an object'],
    ['a date', z.object({ at: z.date() }), 'Date cannot be represented'],
  ])('refuses an output with %s', (_name, output, message) => {
    expect(() => task(output)).toThrow(message);
  });

  it('refuses a name that is not snake_case', () => {
    expect(() => task(z.object({}), 'Answer Question')).toThrow('snake_case');
  });
});

describe('addUsage', () => {
  it('adds the numbers and keeps the later model', () => {
    const spent = { inputTokens: 10, outputTokens: 5, costMicroUsd: 7, model: 'b' };

    expect(addUsage(addUsage(noUsage('a'), spent), spent)).toEqual({
      inputTokens: 20,
      outputTokens: 10,
      costMicroUsd: 14,
      model: 'b',
    });
  });
});
