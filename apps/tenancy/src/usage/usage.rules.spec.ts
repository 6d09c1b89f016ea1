import { describe, expect, it } from '@jest/globals';
import { reservableLimits } from '@support101/contracts/tenancy';
import * as rules from './usage.rules.js';

const now = new Date('2026-11-22T12:00:00.000Z');
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const limits = {
  maxAgents: 1,
  maxConcurrentExecutions: 2,
  maxRequestsPerMinute: 3,
  maxStorageMb: 4,
  maxVectorDocuments: 5,
  maxHitlQueueSize: 6,
};

describe('a lease', () => {
  it('ends after its time, and never without one', () => {
    expect(rules.endOfLease(90, now)).toEqual(after(90));
    expect(rules.endOfLease(undefined, now)).toBeNull();
  });

  it.each(['pending', 'suspended', 'deactivated'] as const)('is not given to a tenant that is %s', (status) => {
    expect(() => rules.checkActive(status)).toThrow(expect.objectContaining({ code: 'tenant_inactive' }));
    expect(() => rules.checkActive('active')).not.toThrow();
  });
});

describe('who finds no place', () => {
  it('is told which limit it is', () => {
    const error = rules.noPlace('agents', 5, null, now);

    expect(error).toMatchObject({ code: 'limit_exceeded', detail: 'The tenant’s limit maxAgents of 5 is reached.' });
    expect(error.retryAfterSeconds).toBeUndefined();
  });

  it.each([
    [after(0.2), 1],
    [after(3.4), 4],
    [after(600), 10],
    [after(-5), 1],
  ])('is told to try again when the first lease may have ended (%p)', (nextEnd, seconds) => {
    expect(rules.noPlace('concurrentExecutions', 5, nextEnd, now).retryAfterSeconds).toBe(seconds);
  });
});

describe('the end of a run', () => {
  it.each([
    ['completed', 'resolved', 'run_resolved'],
    ['completed', 'assisted', 'run_assisted'],
    ['failed', 'escalated', 'run_escalated'],
    ['failed', 'abandoned', 'run_abandoned'],
    ['failed', undefined, 'run_failed'],
    ['failed', 'resolved', 'run_failed'],
  ] as const)('%s with the outcome %p is written as such', (status, outcome, kind) => {
    expect(rules.runEnding(status, outcome)).toBe(kind);
  });
});

describe('a month', () => {
  it('is one of the calendar in UTC', () => {
    expect(rules.periodOf(new Date('2026-11-30T23:59:59.999Z'))).toBe('2026-11');
    expect(rules.periodOf(new Date('2026-12-01T00:30:00+01:00'))).toBe('2026-11');
    expect(rules.periodOf(new Date('2026-12-01T00:00:00Z'))).toBe('2026-12');
  });

  it('has zeros for what did not happen', () => {
    const { runs, tokens, cost } = rules.monthOf([]);

    expect(new Set(Object.values(runs))).toEqual(new Set([0]));
    expect({ tokens, cost }).toEqual({ tokens: { input: 0, output: 0 }, cost: { microUsd: 0 } });
  });

  it('counts every ending of a run and adds up what all have used', () => {
    const totals = rules.runEndings.map((kind, index) => ({
      kind,
      count: index + 1,
      inputTokens: 10,
      outputTokens: 1,
      costMicroUsd: 100,
    }));

    const month = rules.monthOf(totals);

    expect(month).toEqual({
      runs: { started: 0, resolved: 1, assisted: 2, escalated: 3, abandoned: 4, failed: 5, cancelled: 6, timedOut: 7 },
      tokens: { input: 70, output: 7 },
      cost: { microUsd: 700 },
    });
  });
});

describe('the limits in use', () => {
  it('have a count for all that places are taken of, and none for the others', () => {
    const shown = rules.limitsInUse(limits, new Map([['agents', 9]]));

    expect(shown).toEqual({
      agents: { current: 9, limit: 1 },
      concurrentExecutions: { current: 0, limit: 2 },
      hitlQueueSize: { current: 0, limit: 6 },
      vectorDocuments: { current: 0, limit: 5 },
      requestsPerMinute: { limit: 3 },
      storageMb: { limit: 4 },
    });
  });

  it('are each held by one kind of record', () => {
    expect(
      Object.values(rules.holders)
        .map(({ limit }) => limit)
        .sort(),
    ).toEqual([...reservableLimits].sort());
  });
});
