import { describe, expect, it } from '@jest/globals';
import { everyType } from '../transport.js';
import { commonSubject } from './nats-streams.js';

describe('commonSubject', () => {
  it.each([
    [['hitl.requests.decided.v1'], 'support101.v1.*.hitl.requests.decided'],
    [['hitl.requests.decided.v1', 'hitl.requests.expired.v1'], 'support101.v1.*.hitl.requests.*'],
    [['hitl.requests.decided.v1', 'agent-runtime.runs.started.v1'], 'support101.v1.*.*.*.*'],
    [['hitl.requests.decided.v1', everyType], 'support101.v1.>'],
  ])('covers %j', (types, subject) => {
    expect(commonSubject(types)).toBe(subject);
  });
});
