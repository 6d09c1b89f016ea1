import { eventSubjectRoot, DomainError, type EventEnvelope } from '@support101/contracts';
import { JetStreamApiCodes } from '@nats-io/jetstream';
import { silentLog, type MessagingLog } from '../messaging-log.js';
import { settleWithin, systemTime } from '@support101/time';
import {
  passes,
  type ConsumeOptions,
  type ConsumerLag,
  type ConsumerSubscription,
  type EventHandler,
  type EventStore,
  type ObserveFilter,
  type PublishResult,
  type Subscription,
  type Transport,
  type TransportStatus,
  type WireMessage,
} from '../transport.js';
import { serve } from './nats-commands.js';
import { NatsDurable } from './nats-durable.js';
import { NatsLink, type NatsOptions } from './nats-link.js';
import { NatsPublisher } from './nats-publisher.js';
import { NatsRequests } from './nats-requests.js';
import { ensureStreams, isApiError, storeName, streamNames } from './nats-streams.js';

/** How long acknowledgements may take to leave when closing, in milliseconds. */
const lastWordsMs = 2_000;

/** Commands over NATS' request/reply, events over JetStream. Made for servers from 2.9 on. */
export class NatsTransport implements Transport {
  readonly #requests: NatsRequests;
  readonly #publisher: NatsPublisher;
  readonly #durables = new Set<NatsDurable>();
  readonly #subscriptions = new Set<Subscription>();
  #store = '';
  #wrong: string | undefined;
  #preparing: Promise<void> | undefined;
  #closed = false;

  private constructor(
    private readonly link: NatsLink,
    private readonly replicas: number,
    private readonly log: MessagingLog,
  ) {
    this.#requests = new NatsRequests(link.nc);
    this.#publisher = new NatsPublisher({
      requests: this.#requests,
      refusal: () => (this.#closed ? 'the transport is closed' : link.up ? undefined : link.detail),
      storeName: () => this.#store,
      missing: () => void this.#prepare(),
    });
  }

  /** Connects and makes the streams; throws when the server does not answer or keeps streams otherwise than needed. */
  static async open(options: NatsOptions): Promise<NatsTransport> {
    const log = options.log ?? silentLog;
    const link = await NatsLink.open(options, log);
    const transport = new NatsTransport(link, options.replicas ?? 1, log);
    try {
      transport.#store = storeName(await ensureStreams(link.jsm, transport.replicas));
    } catch (error) {
      await link.nc.close();
      throw error;
    }
    void link.watch(() => void transport.#prepare());
    return transport;
  }

  async request(
    subject: string,
    message: WireMessage,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<WireMessage> {
    // A request sent while disconnected would wait in a buffer until its time is over.
    if (!this.link.up) throw new DomainError('service_unavailable', this.link.detail);
    return this.#requests.ask(subject, message, options);
  }

  async serve(subject: string, group: string, handler: (message: WireMessage) => Promise<WireMessage>): Promise<Subscription> {
    const subscription = serve(this.link, subject, { group, handler, log: this.log });
    await this.link.nc.flush();
    return this.#tracked(subscription);
  }

  async publish(events: readonly EventEnvelope[], texts: readonly string[] = []): Promise<PublishResult[]> {
    return this.#publisher.publish(events, texts);
  }

  async consume(options: ConsumeOptions, handler: EventHandler): Promise<ConsumerSubscription> {
    const durable = new NatsDurable({ link: this.link, prepare: () => this.#prepare(), log: this.log }, options, handler);
    await durable.start();
    this.#durables.add(durable);
    return {
      replay: (event) => durable.replay(event),
      close: async () => {
        this.#durables.delete(durable);
        await durable.close();
      },
    };
  }

  async observe(filter: ObserveFilter, listener: (event: EventEnvelope) => void): Promise<Subscription> {
    const subscription = this.link.nc.subscribe(`${eventSubjectRoot}.*.${filter.tenantId ?? '*'}.*.*.*`, {
      callback: (error, message) => {
        if (error !== null) return this.log.warn({ error }, 'a subscription to events failed');
        try {
          const event = message.json<EventEnvelope>();
          if (passes(filter, event)) listener(event);
        } catch (failure) {
          this.log.warn({ error: failure, subject: message.subject }, 'an observer of events failed');
        }
      },
    });
    await this.link.nc.flush();
    return this.#tracked({
      close: async () => {
        subscription.unsubscribe();
      },
    });
  }

  async eventStore(): Promise<EventStore> {
    return {
      name: this.#store,
      holds: async (eventId, sequence) => {
        const message = await this.link.jsm.streams.getMessage(streamNames.events, { seq: sequence }).catch((error: unknown) => {
          if (isApiError(error, JetStreamApiCodes.NoMessageFound)) return null;
          throw error;
        });
        return message?.header.get('Nats-Msg-Id') === eventId;
      },
    };
  }

  async lag(durable: string): Promise<ConsumerLag> {
    if (!this.link.up) throw new Error(this.link.detail);
    const { num_pending, num_ack_pending } = await this.link.jsm.consumers.info(streamNames.events, durable);
    return { waiting: num_pending, delivered: num_ack_pending };
  }

  status(): TransportStatus {
    const pending = Object.fromEntries([...this.#durables].map((durable) => [durable.name, durable.pending]));
    const state = this.#closed ? 'closed' : this.link.up && this.#wrong === undefined ? 'up' : 'down';
    return { kind: 'nats', state, detail: this.#wrong ?? this.link.detail, pending };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    await Promise.all([...this.#durables].map((durable) => durable.close()));
    if (this.link.up) await settleWithin(systemTime, lastWordsMs, [this.link.nc.drain()]);
    await this.link.nc.close();
  }

  /** Makes what a server without its data no longer has. */
  #prepare(): Promise<void> {
    this.#preparing ??= this.#prepareNow().finally(() => (this.#preparing = undefined));
    return this.#preparing;
  }

  async #prepareNow(): Promise<void> {
    if (this.#closed) return;
    try {
      this.#store = storeName(await ensureStreams(this.link.jsm, this.replicas));
      this.#wrong = undefined;
    } catch (error) {
      this.#wrong = `JetStream: ${error instanceof Error ? error.message : String(error)}`;
      this.log.error({ error }, 'the streams could not be made');
    }
  }

  #tracked(subscription: Subscription): Subscription {
    const tracked: Subscription = {
      close: async () => {
        this.#subscriptions.delete(tracked);
        await subscription.close();
      },
    };
    this.#subscriptions.add(tracked);
    return tracked;
  }
}
