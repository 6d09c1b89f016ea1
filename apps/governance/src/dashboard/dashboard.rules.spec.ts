import { describe, expect, it } from '@jest/globals';
import * as runtime from '@support101/contracts/agent-runtime';
import * as hitl from '@support101/contracts/hitl';
import { countedTypes, type Happening, loadTally, sum, tallyOf } from './dashboard.rules.js';

const ids = { runId: 'run_01jd5m6wz5f9r8x2k3c4v7b6n1', agentId: 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1' };
const happening = (given: Partial<Happening>): Happening => ({
  tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1',
  auditType: 'data_modified',
  data: {},
  at: new Date('2026-11-22T12:00:00Z'),
  ...given,
});

describe('tallyOf', () => {
  it('counts everything for its audit type, what nobody knows too', () => {
    for (const type of [undefined, 'later.things.made.v1', '__proto__', 'constructor']) {
      expect(tallyOf(happening({ type, auditType: 'unknown_event' }))).toEqual({ counters: { 'audit.unknown_event': 1 } });
    }
  });

  it.each([
    [runtime.runCompleted.type, { outcome: 'assisted' }, 'runs.completed', 'outcome.assisted'],
    [runtime.runCompleted.type, { outcome: 'invented' }, 'runs.completed', 'outcome.resolved'],
    [runtime.runFailed.type, {}, 'runs.failed', 'outcome.failed'],
    [runtime.runFailed.type, { outcome: 'escalated' }, 'runs.failed', 'outcome.escalated'],
    [runtime.runCancelled.type, {}, 'runs.cancelled', 'outcome.abandoned'],
    [runtime.runTimedOut.type, {}, 'runs.timed_out', 'outcome.failed'],
  ])('%s with %j counts as %s and %s, and what it spent', (type, data, counter, outcome) => {
    const usage = { inputTokens: 3, outputTokens: 2, costMicroUsd: 1, model: null };

    const { counters, run } = tallyOf(happening({ type, data: { ...ids, ...data, usage } }));

    expect(counters).toEqual({ [counter]: 1, [outcome]: 1, 'tokens.in': 3, 'tokens.out': 2, cost: 1, 'audit.data_modified': 1 });
    expect(run).toMatchObject({ to: 'ended', ...ids });
  });

  it('of a run whose ids cannot be read moves no run', () => {
    const { run, counters } = tallyOf(happening({ type: runtime.runStarted.type, data: { runId: 7 } }));

    expect([run, counters['runs.started']]).toEqual([undefined, 1]);
  });

  it.each([
    ['approve', 'decision.approve'],
    ['send_flowers', 'decision.other'],
    [undefined, 'decision.other'],
  ])('the decision %s counts as %s and closes a request', (decision, counter) => {
    const { counters } = tallyOf(happening({ type: hitl.requestDecided.type, data: { decision } }));

    expect(counters).toMatchObject({ [counter]: 1, 'hitl.open': -1 });
  });

  it('makes a name unknown that was changed without being said', () => {
    const renamed = (data: object) => tallyOf(happening({ type: runtime.agentUpdated.type, data: { ...ids, ...data } })).agent;

    expect(renamed({ changed: ['config'] })).toBeUndefined();
    expect(renamed({ changed: ['name'] })).toMatchObject({ to: 'renamed', name: null });
    expect(renamed({ changed: ['name'], name: 'New' })).toMatchObject({ name: 'New' });
  });

  it('knows types that are events of their services', () => {
    const events = [runtime, hitl].flatMap((module) => Object.values(module) as { kind?: string; type?: string }[]);
    const types = events.filter((each) => each.kind === 'event').map((each) => each.type);

    expect(types).toEqual(expect.arrayContaining(countedTypes));
  });
});

describe('loadTally', () => {
  it.each([
    [[0, 0], [1, 0], { 'runs.unfinished': 1, 'runs.awaiting': 0, 'agents.active': 1, 'agents.awaiting': 0 }],
    [[1, 0], [2, 0], { 'runs.unfinished': 1, 'runs.awaiting': 0, 'agents.active': 0, 'agents.awaiting': 0 }],
    [[2, 1], [1, 0], { 'runs.unfinished': -1, 'runs.awaiting': -1, 'agents.active': 0, 'agents.awaiting': -1 }],
    [[3, 2], [0, 0], { 'runs.unfinished': -3, 'runs.awaiting': -2, 'agents.active': -1, 'agents.awaiting': -1 }],
  ])('from %j to %j', ([unfinished, awaiting], [then, thenAwaiting], expected) => {
    const load = (a = 0, b = 0) => ({ unfinished: a, awaiting: b });

    expect(loadTally(load(unfinished, awaiting), load(then, thenAwaiting))).toEqual(expected);
  });
});

describe('sum', () => {
  it('adds by name and leaves out what comes to nothing', () => {
    expect([...sum([{ a: 1, b: 1 }, { a: 2, b: -1 }, {}])]).toEqual([['a', 3]]);
  });
});
