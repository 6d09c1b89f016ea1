/** What a worker, or time, does to a run's lease. */
export interface LeaseCommand {
  readonly do: 'take' | 'append' | 'renew' | 'release' | 'end' | 'expire';
  /** Number of the worker. */
  readonly worker: number;
}

/** How the lease of one run has to behave: whoever took it last writes, in order, until the run has ended. */
export class LeaseModel {
  steps = 0;
  #fence = 0;
  #held = false;
  #ended = false;
  readonly #fences = new Map<number, number>();

  /** The fence that the worker was given last; none fits -1. */
  fenceOf(worker: number): number {
    return this.#fences.get(worker) ?? -1;
  }

  /** Whether the command has an effect. */
  apply({ do: what, worker }: LeaseCommand): boolean {
    if (what === 'expire') return this.#release(!this.#ended);
    if (what === 'take') return this.#take(worker);
    const current = !this.#ended && this.fenceOf(worker) === this.#fence;
    if (!current) return false;
    if (what === 'append') this.steps += 1;
    if (what === 'renew') this.#held = true;
    if (what === 'end') this.#ended = true;
    return what === 'release' ? this.#release(true) : true;
  }

  #take(worker: number): boolean {
    if (this.#ended || this.#held) return false;
    this.#held = true;
    this.#fence += 1;
    this.#fences.set(worker, this.#fence);
    return true;
  }

  #release(possible: boolean): boolean {
    if (possible) this.#held = false;
    return possible;
  }
}
