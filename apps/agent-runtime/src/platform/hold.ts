/** Why a worker has to stop in the middle of a run. */
export type StopReason = 'lost' | 'deadline' | 'drain';

/** What aborts a call in flight. */
export class Stopped extends Error {
  override readonly name = 'Stopped';

  constructor(readonly reason: StopReason) {
    super(`the run was stopped: ${reason}`);
  }
}

/** What keeps a worker's hold on a run; times in milliseconds. */
export interface HoldOptions {
  readonly heartbeatMs: number;
  readonly timeLeftMs: number;
  /** How long a step in flight may go on when the process shuts down. */
  readonly drainMs: number;
  /** Fires when the process shuts down. */
  readonly drain: AbortSignal;
  /** Renews the lease; false when it is another worker's by now. */
  renew(): Promise<boolean>;
  /** Makes the deadline later for every worker. */
  postpone(byMs: number): Promise<void>;
  onError(error: unknown): void;
}

/** A worker's hold on a run: keeps the lease alive, and says when to stop. */
export interface Hold {
  /** Aborts the call in flight; its reason is a `Stopped`, or what the worker failed with. */
  readonly signal: AbortSignal;
  /** Throws why to stop before the next step, if so: a drain is known here before it aborts the step in flight. */
  check(): void;
  stop(reason: StopReason): void;
  /** Stops because the worker cannot go on: the error becomes the signal's reason. */
  fail(error: unknown): void;
  /** Makes the deadline later: time was lost that is not the run's. */
  postpone(byMs: number): void;
  close(): void;
}

/** Starts to keep a run: renews its lease at each heartbeat until it is closed. */
export function holdRun(options: HoldOptions): Hold {
  const controller = new AbortController();
  const stop = (reason: StopReason): void => controller.abort(new Stopped(reason));
  let renewing = false;
  const renew = async (): Promise<void> => {
    if (renewing) return;
    renewing = true;
    try {
      if (!(await options.renew())) stop('lost');
    } catch (error) {
      // The lease may still be ours; if not, the fence refuses what this worker writes.
      options.onError(error);
    } finally {
      renewing = false;
    }
  };
  const timers: NodeJS.Timeout[] = [setInterval(() => void renew(), options.heartbeatMs)];
  let deadline: NodeJS.Timeout | undefined;
  let deadlineAt = performance.now() + Math.max(0, options.timeLeftMs);
  const arm = (): void => {
    clearTimeout(deadline);
    deadline = setTimeout(() => stop('deadline'), deadlineAt - performance.now());
  };
  arm();
  const drained = (): void => void timers.push(setTimeout(() => stop('drain'), options.drainMs));
  if (options.drain.aborted) drained();
  options.drain.addEventListener('abort', drained, { once: true });
  return {
    signal: controller.signal,
    check: () => {
      controller.signal.throwIfAborted();
      if (options.drain.aborted) throw new Stopped('drain');
    },
    stop,
    fail: (error) => controller.abort(error),
    postpone: (byMs) => {
      deadlineAt += byMs;
      arm();
      options.postpone(byMs).catch(options.onError);
    },
    close: () => {
      clearTimeout(deadline);
      options.drain.removeEventListener('abort', drained);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** The result of `work`, or a rejection with the signal's reason as soon as it fires: also when the work ignores it. */
export async function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let reject: ((reason: unknown) => void) | undefined;
  const stopped = new Promise<never>((_resolve, fail) => (reject = fail));
  const stop = (): void => reject?.(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
