import type { EventEnvelope } from '@support101/contracts';
import { copiesOf, EventLanes } from './event-lanes.js';
import { InProcessCommands } from './in-process-commands.js';

import { silentLog, type MessagingLog } from './messaging-log.js';
import { systemTime, type TimeSource } from '@support101/time';
import {
  checkSize,
  passes,
  resourceKey,
  takes,
  type ConsumeOptions,
  type ConsumerLag,
  type ConsumerSubscription,
  type EventHandler,
  type ObserveFilter,
  type PublishResult,
  type Subscription,
  type Transport,
  type TransportStatus,
  type WireMessage,
} from './transport.js';

interface Observer {
  readonly filter: ObserveFilter;
  readonly listener: (event: EventEnvelope) => void;
}

/** How many settled event ids are remembered: a repeated publish of one of them is taken without a delivery. */
const rememberedIds = 10_000;

/**
 * Carries commands and events between the services of one process, with the semantics of the wire: one instance is
 * shared by all of them. It keeps nothing on disk. An event's publish resolves when every durable has handled or
 * dead-lettered it, so what the process loses is still unpublished in the outbox and comes again.
 */
export class InProcessTransport implements Transport {
  readonly #time: TimeSource;
  readonly #log: MessagingLog;
  readonly #commands: InProcessCommands;
  readonly #durables = new Map<string, EventLanes>();
  readonly #observers = new Set<Observer>();
  readonly #settled = new Set<string>();
  readonly #inFlight = new Map<string, Promise<void>>();
  #state: TransportStatus['state'] = 'starting';
  #open: () => void = () => undefined;
  readonly #started: Promise<void>;

  constructor(options: { time?: TimeSource; log?: MessagingLog } = {}) {
    this.#time = options.time ?? systemTime;
    this.#log = options.log ?? silentLog;
    this.#commands = new InProcessCommands(this.#time);
    this.#started = new Promise((resolve) => (this.#open = resolve));
  }

  /**
   * Lets events flow: call it once all services of the process listen. Until then they wait, because an event that
   * passes before a durable is there never reaches it. Commands flow from the beginning.
   */
  start(): void {
    if (this.#state === 'starting') this.#state = 'up';
    this.#open();
  }

  async request(
    subject: string,
    message: WireMessage,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<WireMessage> {
    return this.#commands.request(subject, message, options);
  }

  async serve(subject: string, group: string, handler: (message: WireMessage) => Promise<WireMessage>): Promise<Subscription> {
    return this.#commands.serve(subject, group, handler);
  }

  async publish(events: readonly EventEnvelope[], texts: readonly string[] = []): Promise<PublishResult[]> {
    await this.#started;
    const refused = new Map<string, Error>();
    return Promise.all(events.map((event, index) => this.#publishOne(event, texts[index] ?? JSON.stringify(event), refused)));
  }

  async consume(options: ConsumeOptions, handler: EventHandler): Promise<ConsumerSubscription> {
    const durable = this.#durables.get(options.durable) ?? new EventLanes(options, this.#time, this.#log);
    this.#durables.set(options.durable, durable);
    const close = durable.attach(options, handler);
    return { close, replay: (event) => durable.take(resourceKey(event), copiesOf(JSON.stringify(event)), { replay: true }) };
  }

  async observe(filter: ObserveFilter, listener: (event: EventEnvelope) => void): Promise<Subscription> {
    const observer = { filter, listener };
    this.#observers.add(observer);
    return {
      close: async () => {
        this.#observers.delete(observer);
      },
    };
  }

  async eventStore(): Promise<undefined> {
    return undefined;
  }

  async lag(durable: string): Promise<ConsumerLag> {
    const { pending = 0, running = 0 } = this.#durables.get(durable) ?? {};
    return { waiting: Math.max(0, pending - running), delivered: running };
  }

  status(): TransportStatus {
    const pending = Object.fromEntries([...this.#durables.values()].map((durable) => [durable.name, durable.pending]));
    return { kind: 'in-process', state: this.#state, pending };
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#observers.clear();
    await Promise.all([this.#commands.close(), ...[...this.#durables.values()].map((durable) => durable.close())]);
    this.#open();
  }

  /** Of a resource, nothing passes an event that was not taken. */
  async #publishOne(event: EventEnvelope, text: string, refused: Map<string, Error>): Promise<PublishResult> {
    const key = resourceKey(event);
    try {
      const before = refused.get(key);
      if (before !== undefined) throw before;
      await (this.#inFlight.get(event.id) ?? this.#fanOut(event, text));
      return { id: event.id, ok: true };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      refused.set(key, error);
      return { id: event.id, ok: false, error };
    }
  }

  #fanOut(event: EventEnvelope, text: string): Promise<void> {
    if (this.#settled.has(event.id)) return Promise.resolve();
    if (this.#state === 'closed') throw new Error('the transport is closed');
    checkSize(text);
    const durables = [...this.#durables.values()].filter((durable) => takes(durable.types, event.type));
    const key = resourceKey(event);
    const settled = Promise.all(durables.map((durable) => durable.take(key, copiesOf(text)))).then(() =>
      this.#remember(event.id),
    );
    this.#inFlight.set(event.id, settled);
    void settled.catch(() => undefined).finally(() => this.#inFlight.delete(event.id));
    if (this.#observers.size > 0) setImmediate(() => this.#show(copiesOf(text)()));
    return settled;
  }

  #show(event: EventEnvelope): void {
    for (const { filter, listener } of this.#observers) {
      if (!passes(filter, event)) continue;
      try {
        listener(event);
      } catch (error) {
        this.#log.warn({ error, eventId: event.id }, 'an observer of events failed');
      }
    }
  }

  #remember(id: string): void {
    this.#settled.add(id);
    if (this.#settled.size <= rememberedIds) return;
    for (const oldest of this.#settled) {
      this.#settled.delete(oldest);
      return;
    }
  }
}
