/** Writes of one run that are on their way while the run goes on. */
export interface WriteBehind {
  /** How many are on their way. */
  readonly onTheWay: number;
  /** Goes on while `write` is under way, which answers whether the run is still this worker's. */
  add(write: Promise<boolean>): void;
  /** Resolves when everything so far is written; rejects with the first failure, `refused` among them. */
  written(): Promise<void>;
  /** Resolves when nothing so far is on its way any more, written or not. */
  settled(): Promise<void>;
}

/**
 * Keeps a run's writes in sight. The first that fails, or is refused because the run is no longer this worker's, is told to
 * `onFailure` at once: what comes after it is written neither, since each write asks for the one before it.
 */
export function writeBehind(refused: () => unknown, onFailure: (error: unknown) => void): WriteBehind {
  let onTheWay = 0;
  let failure: { readonly error: unknown } | undefined;
  let last: Promise<void> = Promise.resolve();
  const fail = (error: unknown): void => {
    if (failure !== undefined) return;
    failure = { error };
    onFailure(error);
  };
  const watch = async (write: Promise<boolean>): Promise<void> => {
    try {
      if (!(await write)) fail(refused());
    } catch (error) {
      fail(error);
    } finally {
      onTheWay -= 1;
    }
  };
  return {
    get onTheWay() {
      return onTheWay;
    },
    add: (write) => {
      onTheWay += 1;
      const [before, watched] = [last, watch(write)];
      last = before.then(() => watched);
    },
    settled: () => last,
    written: async () => {
      await last;
      if (failure !== undefined) throw failure.error;
    },
  };
}
