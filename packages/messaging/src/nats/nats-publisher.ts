import { eventSubject, TenantId, type EventEnvelope, type EventId } from '@support101/contracts';
import { checkSize, resourceKey, type PublishResult } from '../transport.js';
import type { NatsRequests } from './nats-requests.js';
import { isApiError, isMissing, streamNames } from './nats-streams.js';

/** What the publisher needs of its transport. */
export interface PublisherPorts {
  readonly requests: Pick<NatsRequests, 'store'>;
  /** Why nothing can be published now, if so. */
  refusal(): string | undefined;
  /** The name of the store that takes the events. */
  storeName(): string;
  /** Told when there is no stream. */
  missing(): void;
}

interface Outgoing {
  readonly event: EventEnvelope;
  readonly text: string;
}

/** How much of one resource is on its way at a time: what a slow server has not taken yet waits in this process. */
const together = { events: 32, bytes: 1_048_576 } as const;

/** The server's code for a message that was to follow another one than the stream's last ("wrong last msg ID"). */
const overtaken = 10_070;

/** Has events stored by the stream: those of different resources side by side, those of one resource in their order. */
export class NatsPublisher {
  constructor(private readonly ports: PublisherPorts) {}

  /** Never rejects; of one resource, nothing behind an event that failed is a success. */
  async publish(events: readonly EventEnvelope[], texts: readonly string[]): Promise<PublishResult[]> {
    const results: PublishResult[] = [];
    const byResource = Map.groupBy(events.keys(), (index) => resourceKey(events[index] as EventEnvelope));
    const publishing = [...byResource.values()].map(async (indexes) => {
      const outgoing = indexes.map((index): Outgoing => {
        const event = events[index] as EventEnvelope;
        return { event, text: texts[index] ?? JSON.stringify(event) };
      });
      const stored = await this.#inOrder(outgoing);
      indexes.forEach((index, place) => (results[index] = stored[place] as PublishResult));
    });
    await Promise.all(publishing);
    return results;
  }

  async #inOrder(outgoing: readonly Outgoing[]): Promise<PublishResult[]> {
    const results: PublishResult[] = [];
    let failed: Error | undefined;
    while (results.length < outgoing.length && failed === undefined) {
      results.push(...(await this.#storeTogether(nextOf(outgoing, results.length))));
      failed = failureOf(results.at(-1));
    }
    const error = failed;
    return error === undefined ? results : [...results, ...outgoing.slice(results.length).map((each) => notTaken(each, error))];
  }

  /**
   * All leave at once, each to be stored only right behind the one before it. The server therefore refuses what follows
   * one that it did not take, and what another publisher's message came in front of: that is sent again, one by one.
   */
  async #storeTogether(outgoing: readonly Outgoing[]): Promise<PublishResult[]> {
    const results = await Promise.all(outgoing.map((each, place) => this.#store(each, outgoing[place - 1]?.event.id)));
    const first = results.findIndex(({ ok }) => !ok);
    if (first < 0) return results;
    const settled = results.slice(0, first);
    let failed = failureOf(results[first]);
    if (isApiError(failed, overtaken)) failed = undefined;
    for (const each of outgoing.slice(first)) {
      const result = failed === undefined ? await this.#store(each) : notTaken(each, failed);
      failed ??= failureOf(result);
      settled.push(result);
    }
    return settled;
  }

  async #store({ event, text }: Outgoing, behind?: EventId): Promise<PublishResult> {
    try {
      const refusal = this.ports.refusal();
      if (refusal !== undefined) throw new Error(refusal);
      checkSize(text);
      // Part of a subject: an id with a wildcard or a dot would reach other tenants' subscribers.
      const tenantId = TenantId.parse(event.tenantid);
      const headers = {
        'Nats-Msg-Id': event.id,
        'Nats-Expected-Stream': streamNames.events,
        ...(behind === undefined ? {} : { 'Nats-Expected-Last-Msg-Id': behind }),
      };
      const sequence = await this.ports.requests.store(eventSubject(event.type, tenantId), { body: text, headers });
      return { id: event.id, ok: true, storedAt: { store: this.ports.storeName(), sequence } };
    } catch (error) {
      if (isMissing(error)) this.ports.missing();
      return { id: event.id, ok: false, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}

/** What is sent together from the given place on: one at least. */
function nextOf(outgoing: readonly Outgoing[], from: number): Outgoing[] {
  let bytes = 0;
  const rest = outgoing.slice(from, from + together.events);
  const end = rest.findIndex(({ text }, place) => (bytes += text.length) > together.bytes && place > 0);
  return end < 0 ? rest : rest.slice(0, end);
}

function notTaken({ event }: Outgoing, error: Error): PublishResult {
  return { id: event.id, ok: false, error };
}

function failureOf(result: PublishResult | undefined): Error | undefined {
  return result?.ok === false ? result.error : undefined;
}
