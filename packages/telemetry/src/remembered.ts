/** Asks `read` at most once in `forMs`, however often and by how many it is asked; a failure is not remembered. */
export function remembered<T>(forMs: number, read: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let until = 0;
  return () => {
    if (answer !== undefined && performance.now() < until) return answer;
    const asked = read();
    answer = asked;
    // While it is under way it is the answer, however long that takes.
    until = Number.POSITIVE_INFINITY;
    void asked.then(
      () => (until = performance.now() + forMs),
      () => (answer = undefined),
    );
    return asked;
  };
}
