import { describe, expect, it } from '@jest/globals';
import type { EventId } from '@support101/contracts';
import { concernsRun, endsRun, frameOf, isOfEvent, isWanted, missedOf, timeOfId, topicsOf, upToEnd } from './streams.rules.js';

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

describe('timeOfId', () => {
  it('is the moment at which the id was made', () => {
    expect(new Date(timeOfId('evt_01jd5m6wz5f9r8x2k3c4v7b6n1')).toISOString()).toBe('2024-11-20T20:28:52.069Z');
  });
});

describe('what was missed', () => {
  const start = timeOfId('evt_01jd5m6wz5f9r8x2k3c4v7b6n1');
  const last = 'evt_01jd5m6wz5f9r8x2k3c4v7b6n1' as EventId;
  /** `<name>@<seconds after the last fact>`, in the order of the chain; `last` is the last fact. */
  const chainOf = (order: string) =>
    order.split(' ').map((word) => {
      const [name = '', seconds = '0'] = word.split('@');
      return { id: name === 'last' ? last : (name as EventId), time: new Date(start + Number(seconds) * 1000).toISOString() };
    });

  it.each([
    ['behind the last fact', 'old@-60 last new@1 newer@2', 'new newer'],
    ['behind the last fact, though it happened long before', 'old@-60 last held-up@-50', 'held-up'],
    ['in front of the last fact, for another resource was recorded first', 'old@-60 passed@0.1 last new@1', 'passed new'],
    ['in front of it and older, for it was recorded late', 'old@-60 late@-9 last', 'late'],
    ['in front of it among what is near, though it happened long before', 'old@-60 near@-2 held-up@-50 last', 'near held-up'],
    ['near it, where the last fact is not on the audit yet', 'old@-60 near@-2 new@1', 'near new'],
    ['nothing, where all was long before', 'old@-60 older@-61', ''],
    ['behind the last fact, whatever time that one has', 'old@-60 last@-50 held-up@-45', 'held-up'],
  ])('is %s', (_what, chain, missed) => {
    expect(
      missedOf(chainOf(chain), last)
        .map(({ id }) => id)
        .join(' '),
    ).toBe(missed);
  });
});

describe('the trail of a run', () => {
  const end = { ...fact, type: 'agent-runtime.runs.completed.v1' };

  it('goes up to its end', () => {
    expect(upToEnd([fact, end, fact])).toEqual({ facts: [fact, end], over: true });
    expect(upToEnd([fact, fact])).toEqual({ facts: [fact, fact], over: false });
  });
});

describe('frameOf', () => {
  it('is one event with its id, and no line break of the data in it', () => {
    const frame = frameOf(fact);

    expect(frame.split('\n')).toEqual([`id: ${fact.id}`, `event: ${fact.type}`, `data: ${JSON.stringify(fact)}`, '', '']);
  });
});
