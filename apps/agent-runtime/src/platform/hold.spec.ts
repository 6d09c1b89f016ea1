import { describe, expect, it, jest } from '@jest/globals';
import { holdRun, Stopped, untilStopped, type Hold, type HoldOptions } from './hold.js';

const minute = 60_000;

function hold(options: Partial<HoldOptions>): Hold {
  return holdRun({
    heartbeatMs: minute,
    timeLeftMs: minute,
    drainMs: minute,
    drain: new AbortController().signal,
    renew: () => Promise.resolve(true),
    postpone: () => Promise.resolve(),
    onError: () => undefined,
    ...options,
  });
}

const fired = (held: Hold) => new Promise<void>((resolve) => held.signal.addEventListener('abort', () => resolve()));

describe('holdRun', () => {
  it('goes on while the lease is renewed, and stops when it is lost', async () => {
    const renew = jest.fn<() => Promise<boolean>>().mockResolvedValueOnce(true).mockResolvedValue(false);
    const held = hold({ heartbeatMs: 5, renew });

    expect(() => held.check()).not.toThrow();
    await fired(held);

    expect(renew).toHaveBeenCalledTimes(2);
    expect(() => held.check()).toThrow(new Stopped('lost'));
    held.close();
  });

  it('goes on when a renewal fails: the fence decides, not the connection', async () => {
    const errors: unknown[] = [];
    const renew = jest.fn<() => Promise<boolean>>().mockRejectedValueOnce(new Error('connection lost')).mockResolvedValue(false);
    const held = hold({ heartbeatMs: 5, renew, onError: (error) => errors.push(error) });

    await fired(held);

    expect(errors).toEqual([new Error('connection lost')]);
    held.close();
  });

  it('stops at the deadline', async () => {
    const held = hold({ timeLeftMs: 5 });

    await fired(held);

    expect(() => held.check()).toThrow(new Stopped('deadline'));
    expect(held.signal.reason).toMatchObject({ name: 'Stopped', reason: 'deadline' });
    held.close();
  });

  it('stops later when the deadline was postponed, here and for the workers after it', async () => {
    const postpone = jest.fn<(byMs: number) => Promise<void>>().mockResolvedValue();
    const begun = performance.now();
    const held = hold({ timeLeftMs: 20, postpone });

    held.postpone(100);
    await fired(held);

    expect(performance.now() - begun).toBeGreaterThan(115);
    expect(postpone).toHaveBeenCalledWith(100);
    held.close();
  });

  it('says at once that the process drains, and aborts the step in flight only after its grace', async () => {
    const drain = new AbortController();
    const held = hold({ drain: drain.signal, drainMs: 20 });

    drain.abort();

    expect(() => held.check()).toThrow(new Stopped('drain'));
    expect(held.signal.aborted).toBe(false);
    await fired(held);
    held.close();
  });

  it('does nothing any more once closed', async () => {
    const renew = jest.fn<() => Promise<boolean>>().mockResolvedValue(true);
    const drain = new AbortController();
    const held = hold({ heartbeatMs: 2, timeLeftMs: 4, drainMs: 2, drain: drain.signal, renew });

    held.close();
    drain.abort();
    await new Promise((resolve) => setTimeout(resolve, 15));

    expect(renew).not.toHaveBeenCalled();
    expect(held.signal.aborted).toBe(false);
  });
});

describe('untilStopped', () => {
  it('does not wait for work that ignores the signal', async () => {
    const held = hold({ timeLeftMs: 5 });

    await expect(untilStopped(new Promise(() => undefined), held.signal)).rejects.toMatchObject({ reason: 'deadline' });
    held.close();
  });

  it('gives the work’s result or error', async () => {
    const { signal } = new AbortController();

    await expect(untilStopped(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(untilStopped(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  });
});
