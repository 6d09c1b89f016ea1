import { Inject, Injectable } from '@nestjs/common';
import { EventId, RunId, type StreamContract, type TenantCaller } from '@support101/contracts';
import { getRun } from '@support101/contracts/agent-runtime';
import { type LiveFact, watchRun, watchTenant } from '@support101/contracts/gateway';
import { auditOfRun, listAudit } from '@support101/contracts/governance';
import { CommandClient, type Subscription } from '@support101/messaging';
import { PARTS, type GatewayParts } from '../platform/parts.js';
import type { FactListener, StreamWish } from '../platform/stream-route.js';
import { concernsRun, endsRun, factOf, factOfEntry, isOfEvent, isWanted, topicsOf } from './streams.rules.js';

/** What one listener wants. */
interface Wish {
  readonly caller: TenantCaller;
  readonly wants: (fact: LiveFact) => boolean;
  /** What it has missed, oldest first. */
  readonly missed: () => Promise<LiveFact[]>;
  readonly isLast: (fact: LiveFact) => boolean;
}

/** A listener that was away asks for at most this many facts; beyond that it should read the lists again. */
const mostMissed = 1_000;
const pageSize = 100;

/** Gives listeners what happens, live, after what they have missed. What they missed is read from the audit. */
@Injectable()
export class StreamsService {
  constructor(
    private readonly client: CommandClient,
    @Inject(PARTS) private readonly parts: GatewayParts,
  ) {}

  /** Opens the stream of a contract for a listener. */
  open(contract: StreamContract, input: Record<string, unknown>, wish: StreamWish): Promise<Subscription> {
    const { caller, lastId, listener } = wish;
    if (contract.subject === watchRun.subject) return this.#run(caller, RunId.parse(input['runId']), lastId, listener);
    if (contract.subject !== watchTenant.subject) throw new Error(`${contract.subject}: nobody serves this stream`);
    return this.#tenant(caller, topicsOf(watchTenant.input.parse(input).topics), lastId, listener);
  }

  /** Every fact of the tenant under the topics. */
  #tenant(
    caller: TenantCaller,
    topics: readonly string[],
    lastId: string | undefined,
    listener: FactListener,
  ): Promise<Subscription> {
    const wants = (fact: LiveFact) => isWanted(fact, topics);
    const missed = async () => (await this.#since(caller, lastId)).filter(wants);
    return this.#open({ caller, wants, missed, isLast: () => false }, listener);
  }

  /** Every fact of the run from its beginning, or after `lastId`; throws `run_not_found`. */
  async #run(caller: TenantCaller, runId: RunId, lastId: string | undefined, listener: FactListener): Promise<Subscription> {
    await this.client.call(getRun, { runId }, caller);
    const wants = (fact: LiveFact) => concernsRun(fact, runId);
    const missed = async () => (await this.#ofRun(caller, runId)).filter((fact) => lastId === undefined || fact.id > lastId);
    return this.#open({ caller, wants, missed, isLast: endsRun }, listener);
  }

  /** Listens first and reads what was missed then: nothing falls between the two, and what comes twice is sent once. */
  async #open({ caller, wants, missed, isLast }: Wish, listener: FactListener): Promise<Subscription> {
    let waiting: LiveFact[] | undefined = [];
    const sent = new Set<string>();
    const give = (fact: LiveFact): void => {
      if (sent.has(fact.id)) return;
      sent.add(fact.id);
      if (sent.size > 2 * mostMissed) sent.delete(sent.values().next().value ?? '');
      if (!listener.send(fact) || isLast(fact)) listener.end();
    };
    const live = await this.parts.transport.observe({ tenantId: caller.tenantId }, (event) => {
      const fact = factOf(event);
      if (!wants(fact)) return;
      if (waiting === undefined) give(fact);
      else waiting.push(fact);
    });
    try {
      for (const fact of await missed()) give(fact);
    } catch (error) {
      await live.close();
      throw error;
    }
    for (const fact of waiting) give(fact);
    waiting = undefined;
    return live;
  }

  async #ofRun(caller: TenantCaller, runId: RunId): Promise<LiveFact[]> {
    const facts: LiveFact[] = [];
    let cursor: string | undefined;
    do {
      const next: { cursor?: string } = cursor === undefined ? {} : { cursor };
      const page = await this.client.call(auditOfRun, { runId, limit: pageSize, ...next }, caller);
      facts.push(...page.data.map(factOfEntry));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && facts.length < mostMissed);
    return facts;
  }

  async #since(caller: TenantCaller, lastId: string | undefined): Promise<LiveFact[]> {
    if (!EventId.safeParse(lastId).success) return [];
    const facts: LiveFact[] = [];
    let cursor: string | undefined;
    do {
      const next: { cursor?: string } = cursor === undefined ? {} : { cursor };
      const page = await this.client.call(listAudit, { limit: pageSize, ...next }, caller);
      const known = page.data.findIndex(({ eventId }) => eventId === lastId);
      const missed = page.data.slice(0, known === -1 ? undefined : known);
      facts.push(...missed.filter(isOfEvent).map(factOfEntry));
      cursor = known === -1 ? (page.nextCursor ?? undefined) : undefined;
    } while (cursor !== undefined && facts.length < mostMissed);
    return facts.reverse();
  }
}
