import type { TimeSource } from '@support101/time';
import type { JobAttempt } from './job-driver.js';

/** How long a handler has to end after its signal fired, in milliseconds, before its attempt is given up on. */
const afterAbortMs = 2_000;

/** How long closing waits for running jobs before their signals fire, in milliseconds. */
export const drainMs = 3_000;

/** One attempt at work. */
export interface RunningAttempt {
  /** Resolves with the failure, or undefined when the attempt ended well. Never rejects. */
  readonly outcome: Promise<Error | undefined>;
  /** Fires the attempt's signal. */
  abort(reason: Error): void;
}

/**
 * Runs a handler with a time limit. When the limit passes the signal fires, and the handler has a little while to end;
 * only one that ignores its signal can overlap with the next attempt.
 */
export function runAttempt(
  time: TimeSource,
  timeoutMs: number,
  job: Omit<JobAttempt, 'signal'>,
  handler: (attempt: JobAttempt) => Promise<void>,
): RunningAttempt {
  const controller = new AbortController();
  const cancels = new Set<() => void>();
  const after = (delayMs: number, run: () => void) => cancels.add(time.schedule(delayMs, run));
  const givenUp = new Promise<Error>((resolve) => {
    controller.signal.addEventListener('abort', () => {
      after(afterAbortMs, () => resolve(controller.signal.reason as Error));
    });
  });
  after(timeoutMs, () => controller.abort(new Error(`the job did not finish within ${timeoutMs} ms`)));
  const handled = Promise.resolve()
    .then(() => handler({ ...job, signal: controller.signal }))
    .then(() => undefined, toError);
  const outcome = Promise.race([handled, givenUp]).finally(() => {
    for (const cancel of cancels) cancel();
  });
  return { outcome, abort: (reason) => controller.abort(reason) };
}

/** Thrown by a processor when trying again cannot help: no attempt is left after it. */
export class GiveUp extends Error {
  override readonly name = 'GiveUp';
}

/** Recognises a GiveUp by name, as class identity does not survive package copies. */
export function isGiveUp(error: unknown): boolean {
  return error instanceof Error && error.name === 'GiveUp';
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
