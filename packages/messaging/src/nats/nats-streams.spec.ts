import { describe, expect, it } from '@jest/globals';
import { eventSubject } from '@support101/contracts';
import { everyType } from '../transport.js';
import { eventTypeOf, filtersOf } from './nats-streams.js';

const [decided, expired, started] = ['hitl.requests.decided.v1', 'hitl.requests.expired.v1', 'agent-runtime.runs.started.v1'];

describe('filtersOf', () => {
  it.each([
    [[decided], 'support101.v1.*.hitl.requests.decided'],
    [[decided, expired], 'support101.v1.*.hitl.requests.*'],
    [[decided, started], 'support101.v1.*.*.*.*'],
    [[decided, everyType], 'support101.v1.>'],
  ])('covers %j with one subject before 2.10', (types, subject) => {
    expect(filtersOf(types, '2.9.10')).toEqual({ filter_subject: subject });
  });

  it.each([
    [[decided], ['support101.v1.*.hitl.requests.decided']],
    [
      [decided, started, decided],
      ['support101.v1.*.agent-runtime.runs.started', 'support101.v1.*.hitl.requests.decided'],
    ],
    [[decided, everyType], ['support101.v1.>']],
  ])('names %j one by one from 2.10 on', (types, subjects) => {
    for (const version of ['2.10.0', '2.12.1-beta.1', '3.0.0']) {
      expect(filtersOf(types, version)).toEqual({ filter_subject: '', filter_subjects: subjects });
    }
  });
});

describe('eventTypeOf', () => {
  it.each(['hitl.requests.decided.v1', 'agent-runtime.runs.step-executed.v2'])('finds %s in its subject again', (type) => {
    expect(eventTypeOf(eventSubject(type, 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1'))).toBe(type);
  });
});
