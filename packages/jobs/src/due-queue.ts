interface Due {
  /** Unix milliseconds. */
  readonly dueAt: number;
  /** Breaks ties: first come, first served. */
  readonly order: number;
}

/** A heap of what is due when: adding and taking cost O(log n). */
export class DueQueue<T extends Due> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** What is due first, if anything. */
  peek(): T | undefined {
    return this.#heap[0];
  }

  /** How many are due by then. */
  dueBy(time: number): number {
    return this.#heap.filter(({ dueAt }) => dueAt <= time).length;
  }

  add(item: T): void {
    const heap = this.#heap;
    let index = heap.push(item) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, above)) return;
      index = above;
    }
  }

  /** Takes out what is due first. */
  take(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    heap[0] = last;
    for (let index = 0; ;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const smaller = right < heap.length && before(heap[right] as T, heap[left] as T) ? right : left;
      if (smaller >= heap.length || !this.#swapIfBefore(smaller, index)) return first;
      index = smaller;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const [below, above] = [this.#heap[lower] as T, this.#heap[upper] as T];
    if (!before(below, above)) return false;
    this.#heap[lower] = above;
    this.#heap[upper] = below;
    return true;
  }
}

function before(a: Due, b: Due): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
}
