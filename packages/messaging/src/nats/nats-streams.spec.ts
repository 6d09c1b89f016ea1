import { describe, expect, it } from '@jest/globals';
import { eventSubject } from '@support101/contracts';
import { everyType } from '../transport.js';
import { commonSubject, eventTypeOf } from './nats-streams.js';

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

describe('eventTypeOf', () => {
  it.each(['hitl.requests.decided.v1', 'agent-runtime.runs.step-executed.v2'])('finds %s in its subject again', (type) => {
    expect(eventTypeOf(eventSubject(type, 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1'))).toBe(type);
  });
});
