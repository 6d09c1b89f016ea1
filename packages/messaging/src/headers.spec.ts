import { describe, expect, it } from '@jest/globals';
import type { Caller } from '@support101/contracts';
import fc from 'fast-check';
import { callerFromHeaders, callerToHeaders } from './headers.js';
import { acme } from './transport.conformance-spec.js';

const word = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
const callers: fc.Arbitrary<Caller> = fc.record(
  {
    tenantId: fc.constant(acme),
    principal: fc.record({
      type: fc.constantFrom('key' as const, 'platform' as const, 'user' as const, 'service' as const, 'agent' as const),
      id: word,
      roles: fc.array(word, { maxLength: 3 }),
    }),
    correlationId: word,
    causationId: word,
    traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    deadlineAt: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
    idempotencyKey: word,
  },
  { requiredKeys: ['principal', 'correlationId'] },
);

describe('callerToHeaders', () => {
  it('comes back unchanged through callerFromHeaders, in headers that any transport carries', () => {
    fc.assert(
      fc.property(callers, (caller) => {
        const headers = callerToHeaders(caller);

        expect(callerFromHeaders(headers)).toEqual(caller);
        for (const value of Object.values(headers)) expect(value).not.toMatch(/[\r\n\0]/);
      }),
    );
  });
});
