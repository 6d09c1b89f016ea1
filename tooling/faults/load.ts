import { randomUUID } from 'node:crypto';
import type { Customer } from './customer.ts';
import type { Random } from './random.ts';

/** Agents that a customer makes at most: a tenant may have a hundred. */
const mostAgents = 60;
const idleMs = 200;

/** One client at work: does one thing after the other until it is told to stop. */
export class Load {
  readonly #customer: Customer;
  readonly #random: Random;
  readonly #working: Promise<void>;
  #stopping = false;
  /** What the product answered otherwise than it must, in words. */
  readonly refused: string[] = [];
  /** How many things it has done. */
  done = 0;
  /** The longest that one thing took, in milliseconds. */
  longestMs = 0;

  constructor(customer: Customer, random: Random) {
    this.#customer = customer;
    this.#random = random;
    this.#working = this.#work();
  }

  /** Resolves when what is under way is finished. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      const begun = performance.now();
      try {
        await this.#something();
        this.done += 1;
      } catch (error) {
        this.refused.push(error instanceof Error ? error.message : String(error));
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, this.#random.below(idleMs)));
    }
  }

  #something(): Promise<unknown> {
    const kind = this.#random.next();
    if (kind < 0.6) return assistedRun(this.#customer);
    if (kind < 0.8) return this.#customer.webhook(`msg_${randomUUID()}`);
    if (kind < 0.9 && this.#customer.acknowledged.agents.size < mostAgents) {
      return this.#customer.createAgent(`Agent ${randomUUID()}`);
    }
    return this.#customer.createArticle(`Article ${randomUUID()}`, `About ${randomUUID()}.`);
  }
}

/** A run that a person answers: through every service but the one for webhooks. */
export async function assistedRun(customer: Customer): Promise<void> {
  const runId = await customer.ask(customer.question());
  const requestId = await customer.requestOf(runId);
  await customer.answer(runId, requestId, `The answer is ${randomUUID()}.`);
  await customer.until(runId, 'completed');
}
