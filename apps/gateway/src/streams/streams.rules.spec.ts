import { describe, expect, it } from '@jest/globals';
import { concernsRun, endsRun, frameOf, isOfEvent, isWanted, topicsOf } from './streams.rules.js';

const fact = {
  id: 'evt_01jd5m6wz5f9r8x2k3c4v7b6n1' as const,
  type: 'hitl.requests.decided.v1',
  resource: 'request:req_1',
  outcome: 'approve',
  time: '2026-11-22T12:00:00.000Z',
  data: { runId: 'run_1', reason: 'line one\nline two' },
};

describe('topics', () => {
  it.each([
    [undefined, true],
    ['hitl', true],
    ['hitl.requests', true],
    ['hitl.requests.decided.v1', true],
    ['agent-runtime, hitl', true],
    ['hit', false],
    ['agent-runtime', false],
  ])('%s wants a decision: %s', (topics, wanted) => {
    expect(isWanted(fact, topicsOf(topics))).toBe(wanted);
  });
});

describe('an entry of the audit', () => {
  it.each([
    ['hitl.requests.decided', true],
    ['webhook-gateway.inbound.received', true],
    ['gateway.requests.refused', false],
    ['gateway.tenants.named', false],
  ])('of %s stands for an event: %s', (action, expected) => {
    expect(isOfEvent({ action })).toBe(expected);
  });
});

describe('a run', () => {
  it('is concerned by what names it and by nothing else', () => {
    expect(concernsRun(fact, 'run_1')).toBe(true);
    expect(concernsRun({ ...fact, resource: 'run:run_2', data: {} }, 'run_2')).toBe(true);
    expect(concernsRun(fact, 'run_2')).toBe(false);
  });

  it('ends with its last fact', () => {
    expect(endsRun({ ...fact, type: 'agent-runtime.runs.timed-out.v1' })).toBe(true);
    expect(endsRun(fact)).toBe(false);
  });
});

describe('frameOf', () => {
  it('is one event with its id, and no line break of the data in it', () => {
    const frame = frameOf(fact);

    expect(frame.split('\n')).toEqual([`id: ${fact.id}`, `event: ${fact.type}`, `data: ${JSON.stringify(fact)}`, '', '']);
  });
});
