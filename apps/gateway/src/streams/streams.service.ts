import { Inject, Injectable } from '@nestjs/common';
import { DomainError, EventId, RunId, type StreamContract, type TenantCaller } from '@support101/contracts';
import { getRun } from '@support101/contracts/agent-runtime';
import { type LiveFact, watchRun, watchTenant } from '@support101/contracts/gateway';
import { CommandClient, type Subscription } from '@support101/messaging';
import { systemTime, type TimeSource } from '@support101/time';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import type { FactListener, StreamWish } from '../platform/stream-route.js';
import { type Look, mostRead, StreamsTrailService } from './streams-trail.service.js';
import { concernsRun, endsRun, factOf, hurriedLooksMs, isWanted, looksMs, topicsOf } from './streams.rules.js';

/** What one listener wants. */
interface Wish {
  readonly caller: TenantCaller;
  readonly wants: (fact: LiveFact) => boolean;
  /** Looks at what it has missed; undefined where it asks for nothing of the past. */
  readonly look: Look | undefined;
  readonly isLast: (fact: LiveFact) => boolean;
}

/** Gives listeners what happens, live, after what they have missed. What they missed is read from the audit. */
@Injectable()
export class StreamsService {
  readonly #time: TimeSource;

  constructor(
    private readonly client: CommandClient,
    private readonly trail: StreamsTrailService,
    @Inject(PARTS) private readonly parts: GatewayParts,
  ) {
    this.#time = parts.time ?? systemTime;
  }

  /** Opens the stream of a contract for a listener; throws `validation_failed` for a last id that no event can have. */
  async open(contract: StreamContract, input: Record<string, unknown>, wish: StreamWish): Promise<Subscription> {
    const { caller, listener } = wish;
    const lastId = lastIdOf(wish.lastId);
    if (contract.subject === watchRun.subject) return this.#run(caller, RunId.parse(input['runId']), lastId, listener);
    if (contract.subject !== watchTenant.subject) throw new Error(`${contract.subject}: nobody serves this stream`);
    return this.#tenant(caller, topicsOf(watchTenant.input.parse(input).topics), lastId, listener);
  }

  /** Every fact of the tenant under the topics. */
  #tenant(
    caller: TenantCaller,
    topics: readonly string[],
    lastId: EventId | undefined,
    listener: FactListener,
  ): Promise<Subscription> {
    const wants = (fact: LiveFact) => isWanted(fact, topics);
    const look = lastId === undefined ? undefined : this.trail.ofTenant(caller, lastId);
    return this.#open({ caller, wants, look, isLast: () => false }, listener);
  }

  /** Every fact of the run from its beginning, or after `lastId`; throws `run_not_found`. */
  async #run(caller: TenantCaller, runId: RunId, lastId: EventId | undefined, listener: FactListener): Promise<Subscription> {
    await this.client.call(getRun, { runId }, caller);
    const wants = (fact: LiveFact) => concernsRun(fact, runId);
    return this.#open({ caller, wants, look: this.trail.ofRun(caller, runId, lastId), isLast: endsRun }, listener);
  }

  /** Listens first and looks at what was missed then: nothing falls between the two, and what comes twice is sent once. */
  async #open({ caller, wants, look, isLast }: Wish, listener: FactListener): Promise<Subscription> {
    const given = new Given(listener, isLast, look !== undefined);
    const lookOnce = async () => {
      const { facts, over } = (await look?.()) ?? { facts: [], over: false };
      given.missed(facts.filter(wants), over);
    };
    const looks = new Looks(this.#time, lookOnce, (failed) => given.settle(failed));
    const live = await this.parts.transport.observe({ tenantId: caller.tenantId }, (event) => {
      const fact = factOf(event);
      if (!wants(fact)) return;
      given.happened(fact);
      if (given.ending) looks.hurry();
    });
    try {
      await lookOnce();
    } catch (error) {
      await live.close();
      throw error;
    }
    if (given.ending) looks.hurry();
    if (look !== undefined) looks.start();
    return {
      close: () => {
        looks.stop();
        return live.close();
      },
    };
  }
}

function lastIdOf(text: string | undefined): EventId | undefined {
  const read = EventId.optional().safeParse(text);
  if (read.success) return read.data;
  throw new DomainError('validation_failed', 'Last-Event-ID must be the id of an event (evt_…).');
}

/** Looks at the audit again and again for a while: what was published before the stream was opened may be there only now. */
class Looks {
  #restMs = [...looksMs];
  #cancel: (() => void) | undefined;
  #hurried = false;
  #stopped = false;

  constructor(
    private readonly time: TimeSource,
    private readonly look: () => Promise<void>,
    /** Told after the last look, which found all that those before it did, whether it failed. */
    private readonly settled: (failed: boolean) => void,
  ) {}

  start(): void {
    this.#cancel = this.time.schedule(this.#restMs.shift() ?? 0, () => void this.#next());
  }

  /** The end of a run has come: it waits for nothing but these looks. */
  hurry(): void {
    if (this.#hurried) return;
    this.#hurried = true;
    this.#restMs = [...hurriedLooksMs];
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.start();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #next(): Promise<void> {
    this.#cancel = undefined;
    const failed = await this.look().then(
      () => false,
      () => true,
    );
    if (this.#stopped) return;
    if (this.#restMs.length > 0) this.start();
    else this.settled(failed);
  }
}

/** What one listener was given: each fact once, and the end of a run behind all of it. */
class Given {
  readonly #ids = new Set<string>();
  /** Live facts that wait until what was missed was given. */
  #waiting: LiveFact[] | undefined = [];
  /** The end, when facts before it may be missing still. */
  #end: LiveFact | undefined;

  constructor(
    private readonly listener: FactListener,
    private readonly isLast: (fact: LiveFact) => boolean,
    /** Whether the audit is still looked at: then what happens live may not be all. */
    private unsettled: boolean,
  ) {}

  /** Whether the end has come and waits for what may be missing. */
  get ending(): boolean {
    return this.#end !== undefined;
  }

  happened(fact: LiveFact): void {
    if (this.#end !== undefined) return;
    if (this.#waiting !== undefined) this.#waiting.push(fact);
    else if (this.unsettled && this.isLast(fact)) this.#end = fact;
    else this.#give(fact);
  }

  missed(facts: readonly LiveFact[], over: boolean): void {
    for (const fact of facts) this.#give(fact);
    if (over) return this.listener.end();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const fact of waiting) this.happened(fact);
  }

  /** The audit is looked at no more. A listener that may miss something is let go: it can resume. */
  settle(failed: boolean): void {
    this.unsettled = false;
    if (failed) return this.listener.end();
    if (this.#end !== undefined) this.#give(this.#end);
  }

  #give(fact: LiveFact): void {
    if (this.#ids.has(fact.id)) return;
    this.#ids.add(fact.id);
    if (this.#ids.size > 2 * mostRead) this.#ids.delete(this.#ids.values().next().value ?? '');
    if (!this.listener.send(fact) || this.isLast(fact)) this.listener.end();
  }
}
