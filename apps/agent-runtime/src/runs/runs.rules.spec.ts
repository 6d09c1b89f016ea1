import { describe, expect, it } from '@jest/globals';
import { Run, runStatuses } from '@support101/contracts/agent-runtime';
import { begun, endedRun, isSettled, pauseBeforeLook, queued, toRun, waitLimit, type RunRow } from './runs.rules.js';

const accepted = {
  tenantId: 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1',
  runId: 'run_01jd5m6wz5f9r8x2k3c4v7b6n1',
  agentId: 'agt_01jd5m6wz5f9r8x2k3c4v7b6n1',
  blueprint: 'support_agent',
  blueprintVersion: '1.0.0',
  input: { query: 'How?' },
  createdAt: new Date('2026-11-22T09:00:00.000Z'),
} as const;
const row: RunRow = queued(accepted);

describe('toRun', () => {
  it('shows a queued run without what it does not have yet', () => {
    const run = toRun(row);

    expect(Run.parse(run)).toEqual(run);
    expect(run).toMatchObject({ durationMs: null, output: null, outcome: null, createdAt: '2026-11-22T09:00:00.000Z' });
    expect(Object.keys(run)).not.toEqual(expect.arrayContaining(['error', 'startedAt', 'completedAt']));
  });

  it('shows an ended run with its error and how long it took', () => {
    const run = toRun({
      ...row,
      status: 'failed',
      errorCode: 'no_supported_answer',
      errorDetail: 'Nothing found.',
      startedAt: new Date('2026-11-22T09:00:00.100Z'),
      completedAt: new Date('2026-11-22T09:00:02.000Z'),
    });

    expect(Run.parse(run)).toEqual(run);
    expect(run).toMatchObject({ durationMs: 2_000, error: { code: 'no_supported_answer', detail: 'Nothing found.' } });
  });

  it('takes no time when the clock was set back', () => {
    expect(toRun({ ...row, completedAt: new Date('2026-11-22T08:00:00.000Z') }).durationMs).toBe(0);
  });
});

describe('endedRun', () => {
  const used = { inputTokens: 5, outputTokens: 7, costMicroUsd: 9, model: 'local' };
  const completedAt = new Date('2026-11-22T09:00:02.000Z');

  it('shows what its row shows by then, however it has ended', () => {
    const progress = { stepsCount: 3, usage: used, completedAt };
    const completed = { ...progress, status: 'completed', output: { answer: 'So.' }, outcome: 'resolved' } as const;
    const failed = { ...progress, status: 'failed', output: null, outcome: 'failed' } as const;
    const error = { code: 'no_supported_answer', detail: 'Nothing found.' };

    expect(endedRun(toRun(begun(accepted)), { ...completed, error: null })).toEqual(toRun({ ...begun(accepted), ...completed }));
    expect(endedRun(toRun(begun(accepted)), { ...failed, error })).toEqual(
      toRun({ ...begun(accepted), ...failed, errorCode: error.code, errorDetail: error.detail }),
    );
  });
});

describe('waiting', () => {
  it('is over when the run ended, or waits for a person who can be seen to be asked', () => {
    const waitFor = (visible: boolean | null, awaitingMs: number) =>
      runStatuses.filter((status) => !isSettled({ status, visible }, awaitingMs));

    expect(waitFor(true, 0)).toEqual(['queued', 'running']);
    expect(waitFor(false, 1_999)).toEqual(['queued', 'running', 'awaiting_human']);
    expect(waitFor(false, 2_000)).toEqual(['queued', 'running']);
  });

  it('looks less and less often, and never beyond the time left', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((look) => pauseBeforeLook(look, 60_000, false))).toEqual([25, 50, 100, 200, 400, 500, 500]);
    expect(pauseBeforeLook(5, 30, false)).toBe(30);
    expect(pauseBeforeLook(0, -5, false)).toBe(0);
    expect([pauseBeforeLook(0, 60_000, true), pauseBeforeLook(0, 30, true)]).toEqual([500, 30]);
  });

  it('leaves room to answer before the caller’s deadline', () => {
    expect(waitLimit(30_000, undefined, 0)).toBe(30_000);
    expect(waitLimit(30_000, 70_000, 0)).toBe(30_000);
    expect(waitLimit(30_000, 10_000, 0)).toBe(9_500);
    expect(waitLimit(30_000, 100, 0)).toBe(0);
  });
});
