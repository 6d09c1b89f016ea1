import type { JsMsg } from '@nats-io/jetstream';
import { ackWaitMs } from './nats-streams.js';

/** How often the server is asked whether what is missing is still outstanding, in milliseconds. */
const lookMs = 250;
/** What has not come by then is nowhere any more, in milliseconds: a restarted server counts its time from anew. */
const overdueMs = 3 * ackWaitMs;

/** What an inheritance needs. */
export interface InheritancePorts {
  /** How many messages of the consumer are outstanding now, by the server, that are not worked on in this process. */
  elsewhere(): Promise<number>;
  /** All of it has come: with what came besides, in the order of the stream. `overdue` when some of it never came. */
  onComplete(messages: JsMsg[], overdue: boolean): void;
}

/**
 * What is outstanding with others when this process begins to pull: with a holder before, or on a way that broke. It
 * comes before all that is later, but the server gives it out again only when its time there is over: so whatever is
 * delivered waits here until all of it has come. The server alone knows when that is; no clock is asked.
 */
export class NatsInheritance {
  readonly #kept = new Map<number, JsMsg>();
  readonly #upTo: number;
  readonly #looking: NodeJS.Timeout;
  readonly #overdueAt = performance.now() + overdueMs;
  #missing: number;

  /** `missing` of the messages up to the number `upTo` in the stream. */
  constructor(
    what: { readonly missing: number; readonly upTo: number },
    private readonly ports: InheritancePorts,
  ) {
    this.#missing = what.missing;
    this.#upTo = what.upTo;
    this.#looking = setInterval(() => void this.#look(), lookMs);
  }

  /** What has come so far, in the order of the stream. */
  get messages(): JsMsg[] {
    return [...this.#kept.values()].toSorted((a, b) => a.seq - b.seq);
  }

  keep(message: JsMsg): void {
    if (message.seq <= this.#upTo && !this.#kept.has(message.seq)) this.#missing -= 1;
    this.#kept.set(message.seq, message);
    if (this.#missing === 0) this.#complete(false);
  }

  /** Waits no more; nobody is told. */
  end(): void {
    clearInterval(this.#looking);
  }

  /** An answer that was on its way may have settled some of it. */
  async #look(): Promise<void> {
    // Counted first: what comes while the server is asked may not be in its answer.
    const here = this.#kept.size;
    const elsewhere = await this.ports.elsewhere().catch(() => Infinity);
    const overdue = performance.now() > this.#overdueAt;
    if (this.#missing > 0 && (elsewhere <= here || overdue)) this.#complete(elsewhere > here);
  }

  #complete(overdue: boolean): void {
    this.end();
    this.#missing = 0;
    this.ports.onComplete(this.messages, overdue);
  }
}
