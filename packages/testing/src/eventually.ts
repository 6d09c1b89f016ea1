/**
 * Calls `attempt` until it neither throws nor gives `false`, and gives its result; after `timeoutMs` milliseconds, longer
 * than a busy machine needs, it fails with the last error. For what is truly asynchronous: another process, a poll loop.
 * Everything else takes a clock.
 */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 15_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const outcome = await settle(attempt);
    if (outcome.done) return outcome.value;
    if (performance.now() > deadline) throw outcome.error;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

type Outcome<T> = { done: true; value: T } | { done: false; error: unknown };

async function settle<T>(attempt: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    const value = await attempt();
    return value === false ? { done: false, error: new Error('eventually: still false at the deadline') } : { done: true, value };
  } catch (error) {
    return { done: false, error };
  }
}
