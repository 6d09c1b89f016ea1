/** Runs every item, in order as cores become free; an item that needs more than are free waits, and those behind it too. */
export async function withCores<T extends { readonly cores: number }>(
  total: number,
  items: readonly T[],
  run: (item: T) => Promise<void>,
): Promise<void> {
  let free = total;
  const running = new Set<Promise<void>>();
  for (const item of items) {
    while (free < item.cores) await Promise.race(running);
    free -= item.cores;
    const done = run(item).finally(() => {
      free += item.cores;
      running.delete(done);
    });
    running.add(done);
  }
  await Promise.all(running);
}
