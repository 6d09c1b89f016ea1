import { describe, expect, it } from '@jest/globals';
import { answerOf, isIdempotencyKey } from './routes.rules.js';

const get = { method: 'GET', path: '/v1/things/{thingId}' } as const;

describe('answerOf', () => {
  it('is 200 with the output unless the contract says otherwise', () => {
    expect(answerOf(get, { version: 1 }, {})).toEqual({ status: 200, headers: {}, body: { version: 1 } });
  });

  it('lets the contract pick the status by the output, and the location with it', () => {
    const http = {
      ...get,
      status: { among: [200, 202], of: (o: unknown) => (o === 'late' ? 202 : 200) },
      location: () => '/v1/x',
    } as const;

    expect(answerOf(http, 'late', {})).toEqual({ status: 202, headers: { location: '/v1/x' }, body: 'late' });
    expect(answerOf(http, 'done', {})).toEqual({ status: 200, headers: {}, body: 'done' });
  });

  it('sends no body and no tag with 204', () => {
    expect(answerOf({ ...get, status: 204, etag: true }, { version: 1 }, {})).toEqual({
      status: 204,
      headers: {},
      body: undefined,
    });
  });

  it.each([
    [{ version: 7 }, '"7"'],
    [{ version: 'a' }, '"a"'],
    [{}, undefined],
    [null, undefined],
  ])('tags %j with %s', (output, etag) => {
    expect(answerOf({ ...get, etag: true }, output, {}).headers['etag']).toBe(etag);
  });

  it('passes on only that an answer is a repeated one', () => {
    expect(answerOf(get, {}, { 'idempotency-replayed': 'true', other: 'x' }).headers).toEqual({ 'idempotency-replayed': 'true' });
    expect(answerOf(get, {}, { 'idempotency-replayed': 'no' }).headers).toEqual({});
  });
});

describe('requests', () => {
  it.each([
    ['a', true],
    ['x'.repeat(255), true],
    ['', false],
    ['x'.repeat(256), false],
    ['a b', false],
    ['ä', false],
  ])('idempotency key %s: %s', (key, expected) => {
    expect(isIdempotencyKey(key)).toBe(expected);
  });
});
