import { describe, expect, it } from '@jest/globals';
import { createLog, newId } from '@support101/service-kit';
import { InProcessJobDriver, Jobs } from '@support101/jobs';
import type { Tx } from '@support101/database';
import { VirtualClock } from '@support101/testing';
import { requestTimer, RequestTimers, timerId } from './request-timers.js';

const due = { tenantId: newId('ten'), requestId: newId('req'), nextDueAt: new Date('2026-01-05T10:00:00Z') };

function timersOn(driver: InProcessJobDriver | { add(): Promise<void> }) {
  const logged: string[] = [];
  const log = createLog({ name: 'test', destination: { write: (line: string) => logged.push(line) } });
  return { timers: new RequestTimers(new Jobs('hitl', driver as InProcessJobDriver), log), logged };
}

function transaction() {
  const hooks: (() => void)[] = [];
  const tx: Pick<Tx, 'afterCommit'> = { afterCommit: (run) => hooks.push(run) };
  return { tx: tx as Tx, commit: () => hooks.forEach((hook) => hook()) };
}

describe('a timer', () => {
  it('is set when the transaction has committed, once for one moment', async () => {
    const clock = new VirtualClock('2026-01-05T09:00:00Z');
    const driver = new InProcessJobDriver({ time: clock });
    const { timers } = timersOn(driver);
    const { tx, commit } = transaction();

    timers.arm(tx, due);
    timers.arm(tx, due);
    timers.arm(tx, { ...due, nextDueAt: null });
    expect(driver.status().queued).toEqual({});
    commit();

    expect(driver.status().queued).toEqual({ [`hitl.${requestTimer.name}`]: 1 });
    await driver.close();
  });

  it('that fires for the very moment it asks for has another name, as its own is taken', () => {
    const id = timerId(due);

    expect(id).toBe(`${due.requestId}-1767607200000`);
    expect(timerId(due, id)).toBe(`${id}-again`);
    expect(timerId(due, `${id}-again`)).toBe(id);
  });

  it('that cannot be set fails nobody, and is in the log', async () => {
    const { timers, logged } = timersOn({ add: () => Promise.reject(new Error('Redis is away')) });

    await timers.set(due);

    expect(logged.join('')).toContain('the timer of a request could not be set');
  });
});
