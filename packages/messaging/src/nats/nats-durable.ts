import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { EventEnvelope } from '@support101/contracts';
import { copiesOf, EventLanes } from '../event-lanes.js';
import type { MessagingLog } from '../messaging-log.js';
import { systemTime } from '@support101/time';
import {
  consumeDefaults,
  resourceKey,
  takes,
  type ConsumeOptions,
  type ConsumerSubscription,
  type DeadLetter,
  type EventHandler,
} from '../transport.js';
import { NatsLease, tickMs } from './nats-lease.js';
import type { NatsLink } from './nats-link.js';
import { ackWaitMs, deadLetterSubject, ensureConsumer, eventTypeOf, isMissing, streamNames } from './nats-streams.js';

/** Events taken from the broker and not settled, at most: those that wait for their next try are among them. */
const heldAtMost = 500;
const fetchMs = 2_000;
/** Events that are not taken are acknowledged after so many milliseconds, or when there are so many: in time, by far. */
const leaveOutMs = 100;
const leftOutAtMost = 200;
const retryMs = 500;
/** A server may give out again what has expired this much later, in milliseconds. */
const slackMs = 500;

/** An event that was delivered this often without an answer has probably killed its consumers: it gets one more try. */
const suspicious = 20;

/**
 * One durable consumer. Of the processes that consume one durable, one at a time pulls, because two could not keep
 * the order of a resource; it tells the server that it lives, so what a killed process held comes back within seconds.
 * Failed deliveries are tried again here, in their lane, and not by the server, which would let later ones pass.
 */
export class NatsDurable implements ConsumerSubscription {
  readonly name: string;
  private readonly link: NatsLink;
  private readonly log: MessagingLog;
  readonly #prepare: () => Promise<void>;
  readonly #lanes: EventLanes;
  readonly #lease: NatsLease;
  readonly #held = new Set<JsMsg>();
  readonly #detach: () => Promise<void>;
  #consumer: Consumer | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #pulling: Promise<void> = Promise.resolve();
  readonly #leftOut: JsMsg[] = [];
  #leaving: NodeJS.Timeout | undefined;
  #waiting = 0;
  #room: () => void = () => undefined;
  #closed = false;

  constructor(
    /** `prepare` makes the streams again where they are gone. */
    ports: { readonly link: NatsLink; readonly log: MessagingLog; prepare(): Promise<void> },
    private readonly options: ConsumeOptions,
    handler: EventHandler,
  ) {
    this.link = ports.link;
    this.log = ports.log;
    this.#prepare = () => ports.prepare();
    this.name = options.durable;
    const onDeadLetter = (letter: DeadLetter) => this.#bury(letter);
    this.#lanes = new EventLanes({ ...options, onDeadLetter }, systemTime, ports.log);
    this.#detach = this.#lanes.attach({ ...options, onDeadLetter }, handler);
    this.#lease = new NatsLease(ports.link, options.durable, (lastSignAt) => {
      this.#pulling = this.#pulling.then(() => this.#pull(lastSignAt));
    });
  }

  /** Events that wait on the server or here, as far as this process knows. */
  get pending(): number {
    return this.#waiting + this.#lanes.pending;
  }

  /** Makes the consumer on the server and begins to pull when it is this process' turn. */
  async start(): Promise<void> {
    await ensureConsumer(this.link, this.name, this.options.types);
    this.#keepAlive = setInterval(() => this.#working(), ackWaitMs / 3);
    await this.#lease.start();
  }

  replay(event: EventEnvelope): Promise<void> {
    return this.#lanes.take(resourceKey(event), copiesOf(JSON.stringify(event)), { replay: true });
  }

  /** Waits for running handlers; what waits goes back to the server for the next consumer. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#room();
    await this.#pulling;
    await this.#detach();
    await this.#lanes.close();
    await Promise.resolve();
    clearInterval(this.#keepAlive);
    this.#ackLeftOut();
    await this.#lease.close();
  }

  async #pull(lastSignAt: number | undefined): Promise<void> {
    let inheritedFrom = lastSignAt;
    while (!this.#closed && this.#lease.held) {
      try {
        if (inheritedFrom !== undefined) await this.#untilExpired(inheritedFrom);
        inheritedFrom = undefined;
        await this.#fetch();
      } catch (error) {
        this.#consumer = undefined;
        if (this.#closed) return;
        this.log.warn({ durable: this.name, error }, 'events could not be fetched');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        await this.#restore(error);
      }
    }
  }

  /** What a dead holder had comes first, and only when its time is over: until then, later events would pass it. */
  async #untilExpired(lastSignAt: number): Promise<void> {
    const { num_ack_pending: inherited } = await (await this.#onServer()).info();
    const waitMs = lastSignAt + tickMs + ackWaitMs + slackMs - performance.now();
    if (inherited === 0 || waitMs <= 0 || this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#room = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#room = () => undefined;
  }

  async #onServer(): Promise<Consumer> {
    this.#consumer ??= await this.link.js.consumers.get(streamNames.events, this.name);
    return this.#consumer;
  }

  async #fetch(): Promise<void> {
    const room = heldAtMost - this.#held.size;
    if (room <= 0) return new Promise((resolve) => (this.#room = resolve));
    const consumer = await this.#onServer();
    const batch = await consumer.fetch({ max_messages: Math.min(room, 100), expires: fetchMs });
    this.#room = () => batch.stop();
    // It may have been closed while the server was asked: nobody would stop the batch any more.
    if (this.#closed) batch.stop();
    for await (const message of batch) this.#take(message);
    this.#room = () => undefined;
  }

  /** A server that lost its data has lost the consumer too. */
  async #restore(error: unknown): Promise<void> {
    if (!isMissing(error)) return;
    try {
      await this.#prepare();
      await ensureConsumer(this.link, this.name, this.options.types);
    } catch (failure) {
      this.log.warn({ durable: this.name, error: failure }, 'the consumer could not be made again');
    }
  }

  #take(message: JsMsg): void {
    this.#waiting = message.info.pending;
    // Before 2.10 one filter covers more than is taken, often most of it: what is not is known by its subject, unread.
    if (!takes(this.#lanes.types, eventTypeOf(message.subject))) return this.#leaveOut(message);
    const text = message.string();
    const event = parse(text);
    if (event === undefined) {
      this.log.error(
        { durable: this.name, subject: message.subject, sequence: message.seq },
        'a message is no event and is left out',
      );
      message.term();
      return;
    }
    if (!takes(this.#lanes.types, event.type)) {
      message.ack();
      return;
    }
    this.#held.add(message);
    const attemptsBefore =
      message.info.deliveryCount > suspicious ? (this.options.maxDeliver ?? consumeDefaults.maxDeliver) - 1 : 0;
    void this.#lanes.take(resourceKey(event), firstly(event, text), { attemptsBefore }).then(
      () => this.#settle(message, () => message.ack()),
      () => this.#settle(message, () => message.nak()),
    );
  }

  /** Nobody waits for these acknowledgements: many are written together. */
  #leaveOut(message: JsMsg): void {
    this.#leftOut.push(message);
    if (this.#leftOut.length >= leftOutAtMost) return this.#ackLeftOut();
    this.#leaving ??= setTimeout(() => this.#ackLeftOut(), leaveOutMs);
  }

  #ackLeftOut(): void {
    clearTimeout(this.#leaving);
    this.#leaving = undefined;
    for (const message of this.#leftOut.splice(0)) if (!this.link.nc.isClosed()) message.ack();
  }

  #settle(message: JsMsg, tell: () => void): void {
    this.#held.delete(message);
    if (!this.link.nc.isClosed()) tell();
    if (this.#held.size === heldAtMost - 1) this.#room();
  }

  #working(): void {
    if (!this.link.up) return;
    for (const message of this.#held) message.working();
  }

  /** Kept where the operators of the broker look, and by the service itself. */
  async #bury(letter: DeadLetter): Promise<void> {
    const { event, durable } = letter;
    const body = JSON.stringify({ ...letter, failedAt: new Date().toISOString() });
    const subject = deadLetterSubject(durable, event.tenantid);
    await this.link.js.publish(subject, body, {
      msgID: `${durable} ${event.id}`,
      expect: { streamName: streamNames.deadLetters },
    });
    await this.options.onDeadLetter?.(letter);
  }
}

/** The event in a message; undefined when it is none. */
function parse(text: string): EventEnvelope | undefined {
  try {
    return EventEnvelope.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Copies of an event that was parsed already: the first delivery, mostly the only one, gets that. */
function firstly(event: EventEnvelope, text: string): () => EventEnvelope {
  let parsed: EventEnvelope | undefined = event;
  return () => {
    const copy = parsed ?? EventEnvelope.parse(JSON.parse(text));
    parsed = undefined;
    return copy;
  };
}
