import { describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { isTransient, pauseBeforeRetry, refusalDetail, retryAfterSeconds, takesTemperature } from './openai-errors.js';

const answer = (status: number, headers: Record<string, string> = {}, code?: string) =>
  OpenAI.APIError.generate(status, { error: { code, message: 'the provider’s words' } }, undefined, new Headers(headers));

describe('isTransient', () => {
  it.each([408, 409, 429, 500, 503])('tries again after %i', (status) => {
    expect(isTransient(answer(status))).toBe(true);
  });

  it.each([400, 401, 403, 404, 422])('does not try again after %i', (status) => {
    expect(isTransient(answer(status))).toBe(false);
  });

  it.each([
    ['a lost connection', new OpenAI.APIConnectionError({ message: 'reset' }), true],
    ['no answer in time', new OpenAI.APIConnectionTimeoutError(), true],
    ['half a body', new SyntaxError('Unexpected end of JSON input'), true],
    ['a body cut off', new TypeError('terminated'), true],
    ['an abort', new OpenAI.APIUserAbortError(), false],
    ['an empty account', answer(429, {}, 'insufficient_quota'), false],
    ['a mistake of ours', new TypeError('x is not a function'), false],
    ['something that is no error', 'text', false],
  ])('%s', (_name, error, expected) => {
    expect(isTransient(error)).toBe(expected);
  });
});

describe('pauseBeforeRetry', () => {
  const timing = { firstPauseMs: 100, longestPauseMs: 1000 };

  it('is what the provider asks for', () => {
    expect(pauseBeforeRetry(answer(429, { 'retry-after': '0.25' }), 1, timing, 0)).toBe(250);
    expect(pauseBeforeRetry(answer(429, { 'retry-after-ms': '40', 'retry-after': '9' }), 1, timing, 0)).toBe(40);
  });

  it('doubles with jitter up to the longest', () => {
    const pauses = [1, 2, 3, 4, 5].map((attempt) => pauseBeforeRetry(answer(500), attempt, timing, 1));

    expect(pauses).toEqual([100, 200, 400, 800, 1000]);
    expect(pauseBeforeRetry(answer(500), 1, timing, 0)).toBe(50);
  });

  it.each(['soon', '-1'])('takes no pause of %j from the provider', (value) => {
    expect(retryAfterSeconds(answer(429, { 'retry-after': value }))).toBeUndefined();
  });
});

describe('refusalDetail', () => {
  it.each([
    [answer(401), 'key'],
    [answer(404), 'configured model'],
    [answer(429), 'slow down'],
    [answer(429, {}, 'insufficient_quota'), 'used up'],
    [answer(400), '(400)'],
    [answer(502), '(502)'],
    [new OpenAI.APIConnectionError({ message: 'x' }), 'could not be reached'],
  ])('names the reason without the provider’s words', (error, named) => {
    expect(refusalDetail(error)).toContain(named);
    expect(refusalDetail(error)).not.toContain('words');
  });
});

describe('takesTemperature', () => {
  it.each([
    ['gpt-4.1-mini', true],
    ['gpt-4o', true],
    ['llama-4', true],
    ['gpt-5-chat-latest', true],
    ['gpt-5-mini', false],
    ['gpt-5.4', false],
    ['o3-mini', false],
  ])('%s: %s', (model, expected) => {
    expect(takesTemperature(model)).toBe(expected);
  });
});
