import { DomainError, type EventEnvelope, type EventId, type TenantId } from '@support101/contracts';

/** Largest body of a command, a reply or an event in bytes: NATS' default of 1 MiB less room for headers. */
export const maxMessageBytes = 1_000_000;

/** True for a text that no transport carries. */
export function isTooLarge(body: string): boolean {
  // A UTF-16 unit takes at most three bytes: short texts need no count.
  return body.length * 3 > maxMessageBytes && Buffer.byteLength(body) > maxMessageBytes;
}

/** Throws `payload_too_large` for a body that no transport carries. */
export function checkSize(body: string): void {
  if (isTooLarge(body)) {
    throw new DomainError('payload_too_large', `A message may have ${maxMessageBytes} bytes at most.`);
  }
}

/** How long closing waits for what is running, in milliseconds. */
export const drainMs = 8_000;

/** A command or its reply: `body` is bare JSON, header names are lower case. */
export interface WireMessage {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Something that listens until it is closed; `close` waits for what is running. */
export interface Subscription {
  close(): Promise<void>;
}

/** A durable consumer's subscription. */
export interface ConsumerSubscription extends Subscription {
  /** Gives one event to this durable again, in its resource's order; rejects with the handler's error. */
  replay(event: EventEnvelope): Promise<void>;
}

/** Where a broker keeps an event: a store that was lost and made anew has another name. */
export interface StoredAt {
  readonly store: string;
  readonly sequence: number;
}

/** How one event's publishing ended. An event that failed stays in the outbox. */
export type PublishResult =
  | { readonly id: EventId; readonly ok: true; readonly storedAt?: StoredAt }
  | { readonly id: EventId; readonly ok: false; readonly error: Error };

/** An event that a durable gave up on, with the last error's text. */
export interface DeadLetter {
  readonly event: EventEnvelope;
  readonly durable: string;
  readonly attempts: number;
  readonly reason: string;
}

/** What a durable consumer wants, and how patient it is. */
export interface ConsumeOptions {
  /** Unique in the system: `<service>-<durable>`. The transport remembers it while nobody consumes. */
  readonly durable: string;
  /** The event types it takes; with `everyType` among them it takes all, also those that nobody here knows. */
  readonly types: readonly string[];
  /** Waits before the second, third, … delivery in milliseconds; the last one repeats. */
  readonly backoffMs?: readonly number[];
  /** Deliveries before the event is dead-lettered. */
  readonly maxDeliver?: number;
  /** How long a handler may take before the delivery counts as failed. */
  readonly ackWaitMs?: number;
  /** How many resources are worked on at once; the events of one resource come one after the other. */
  readonly concurrency?: number;
  /** Must keep the letter durably before it resolves; until then the event is not settled. */
  onDeadLetter?(letter: DeadLetter): Promise<void>;
}

/** Stands for all event types among those that a durable takes. */
export const everyType = '*';

/** What a durable gets unless it says otherwise. */
export const consumeDefaults = {
  backoffMs: [200, 1_000, 5_000, 15_000],
  maxDeliver: 5,
  ackWaitMs: 30_000,
  concurrency: 16,
} as const;

/**
 * One delivery to a durable: `attempt` counts from 1, `signal` fires when the delivery has timed out or belongs to another
 * process by now.
 */
export type EventHandler = (event: EventEnvelope, attempt: number, signal: AbortSignal) => Promise<void>;

/** Which events an observer sees; a field that is left out filters nothing. */
export interface ObserveFilter {
  readonly tenantId?: TenantId;
  readonly types?: readonly string[];
}

/** How the transport is now, for readiness and the table of parts. */
export interface TransportStatus {
  readonly kind: 'in-process' | 'nats';
  readonly state: 'starting' | 'up' | 'down' | 'closed';
  /** What is wrong, or which server is used. */
  readonly detail?: string;
  /** Per durable: events taken and not yet settled. */
  readonly pending: Readonly<Record<string, number>>;
}

/** How far a durable is behind. */
export interface ConsumerLag {
  /** Events that it has not been given yet. */
  readonly waiting: number;
  /** Events that it has been given and has not settled. */
  readonly delivered: number;
}

/** What can be asked of a broker's store of events. */
export interface EventStore {
  readonly name: string;
  /** Whether the event is there under its number. */
  holds(eventId: EventId, sequence: number): Promise<boolean>;
}

/** Carries commands and events between services. Every implementation passes one conformance suite. */
export interface Transport {
  /** Asks and waits; rejects with `service_unavailable` when nobody serves, `deadline_exceeded` when the answer is late. */
  request(subject: string, message: WireMessage, options: { timeoutMs: number; signal?: AbortSignal }): Promise<WireMessage>;
  /** Answers a subject; the members of one group take turns. */
  serve(subject: string, group: string, handler: (message: WireMessage) => Promise<WireMessage>): Promise<Subscription>;
  /**
   * Hands events over, those of one resource in order; resolves when each is durably taken or has failed. Never rejects.
   * `texts` are the events as JSON, where the caller has them.
   */
  publish(events: readonly EventEnvelope[], texts?: readonly string[]): Promise<PublishResult[]>;
  /** Delivers events at least once to a durable. */
  consume(options: ConsumeOptions, handler: EventHandler): Promise<ConsumerSubscription>;
  /** Live tail, at most once; never slows the durables. */
  observe(filter: ObserveFilter, listener: (event: EventEnvelope) => void): Promise<Subscription>;
  /** The present store of events; undefined where consumers take events from the outbox themselves. */
  eventStore(): Promise<EventStore | undefined>;
  /** Asks how far a durable is behind; rejects when that cannot be told now. */
  lag(durable: string): Promise<ConsumerLag>;
  status(): TransportStatus;
  /** Stops taking work, waits for what is running, lets go. */
  close(): Promise<void>;
}

/** Thrown by an event handler when trying again cannot help: the event is dead-lettered at once. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable';
}

/** True when an event passes the filter. */
export function passes(filter: ObserveFilter, event: EventEnvelope): boolean {
  if (filter.tenantId !== undefined && filter.tenantId !== event.tenantid) return false;
  return filter.types === undefined || filter.types.includes(event.type);
}

/** True when a durable of these types takes events of this one. */
export function takes(types: { has(type: string): boolean }, type: string): boolean {
  return types.has(type) || types.has(everyType);
}

/** The resource whose events keep their order, across services and tenants. */
export function resourceKey(event: EventEnvelope): string {
  return `${event.tenantid} ${event.subject}`;
}

/** Recognises an Undeliverable by name, as class identity does not survive package copies. */
export function isUndeliverable(error: unknown): boolean {
  return error instanceof Error && error.name === 'Undeliverable';
}
