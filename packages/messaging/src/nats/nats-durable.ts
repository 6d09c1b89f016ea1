import type { Consumer, JsMsg } from '@nats-io/jetstream';
import type { EventEnvelope } from '@support101/contracts';
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
import { NatsInheritance } from './nats-inheritance.js';
import { NatsLease, tickMs } from './nats-lease.js';
import type { NatsLink } from './nats-link.js';
import { eventIn, firstly } from './nats-messages.js';
import { ackWaitMs, deadLetterSubject, ensureConsumer, eventTypeOf, isMissing, streamNames } from './nats-streams.js';

/** Events taken from the broker and not settled, at most: those that wait for their next try are among them. */
const heldAtMost = 500;
const fetchedAtMost = 100;
const fetchMs = 2_000;
/** Events that are not taken are acknowledged after so many milliseconds, or when there are so many: in time, by far. */
const leaveOutMs = 100;
const leftOutAtMost = 200;
const retryMs = 500;

/** An event that was delivered this often without an answer has probably killed its consumers: it gets one more try. */
const suspicious = 20;

/**
 * One durable consumer. Of the processes that consume one durable, one at a time pulls, because two could not keep
 * the order of a resource; it tells the server that it lives, so what a killed process held comes back within seconds.
 * One that cannot tell any more stops at once: it hands nothing on, aborts what is running and acknowledges nothing.
 * Failed deliveries are tried again here, in their lane, and not by the server, which would let later ones pass.
 */
export class NatsDurable implements ConsumerSubscription {
  readonly name: string;
  private readonly link: NatsLink;
  private readonly log: MessagingLog;
  readonly #prepare: () => Promise<void>;
  readonly #lanes: EventLanes;
  readonly #lease: NatsLease;
  /** By their number in the stream. */
  readonly #held = new Map<number, JsMsg>();
  readonly #detach: () => Promise<void>;
  #inheritance: NatsInheritance | undefined;
  /** Whether what is held here may have been given to another process, or is not the server's any more. */
  #doubtful = false;
  #lastDelivery = 0;
  /** Counts how often this process became the holder. */
  #term = 0;
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
    const vouched = () => this.#held.size === 0 || this.#mine;
    this.#lanes = new EventLanes({ ...options, onDeadLetter }, systemTime, ports.log, vouched);
    this.#detach = this.#lanes.attach({ ...options, onDeadLetter }, handler);
    this.#lease = new NatsLease(ports.link, options.durable, {
      onHeld: () => {
        const term = (this.#term += 1);
        this.#pulling = this.#pulling.then(() => this.#pull(term));
      },
      onLost: () => this.#lose(),
      onTaken: () => {
        if (this.#doubtful) this.#forget();
      },
      ready: () => this.#lanes.running === 0,
    });
  }

  /** Events that wait on the server or here, as far as this process knows. */
  get pending(): number {
    return this.#waiting + (this.#inheritance?.messages.length ?? 0) + this.#lanes.pending;
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
    this.#inheritance?.end();
    for (const message of this.#inheritance?.messages ?? []) if (this.#mine) message.nak();
    this.#ackLeftOut();
    await this.#lease.close();
  }

  /** Others may be the holder soon, and be given what is here. */
  #lose(): void {
    this.#term += 1;
    this.#room();
    if (this.#inheritance !== undefined) return this.#forget();
    this.#doubtful = true;
    this.#lanes.pause(new Error(`${this.name}: this process may not be the one that consumes any more`));
  }

  /** What was here is somebody else's, or comes again. */
  #forget(): void {
    const reason = new Error(`${this.name}: this process is not the one that consumes any more`);
    this.#inheritance?.end();
    this.#inheritance = undefined;
    this.#doubtful = false;
    this.#held.clear();
    this.#leftOut.length = 0;
    this.#lanes.pause(reason);
    this.#lanes.drop(reason);
    this.#lanes.resume();
  }

  get #mine(): boolean {
    return this.#lease.held && !this.#doubtful && !this.link.nc.isClosed();
  }

  #serves(term: number): boolean {
    return !this.#closed && this.#term === term && this.#lease.held;
  }

  async #pull(term: number): Promise<void> {
    let begun = false;
    while (this.#serves(term)) {
      try {
        if (!begun) await this.#begin(term);
        begun = true;
        await this.#fetch(term);
      } catch (error) {
        this.#consumer = undefined;
        begun = false;
        if (this.#closed) return;
        this.log.warn({ durable: this.name, error }, 'events could not be fetched');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        if (isMissing(error)) await this.#restore();
      }
    }
  }

  /** Also after an error: what was on its way then is outstanding, and not here. */
  async #begin(term: number): Promise<void> {
    const { delivered, num_ack_pending } = await (await this.#onServer()).info();
    if (!this.#serves(term)) return;
    // Nobody has been given anything since: then what is held is still this process' alone.
    if (this.#doubtful && delivered.consumer_seq !== this.#lastDelivery) this.#forget();
    this.#doubtful = false;
    const elsewhere = num_ack_pending - this.#held.size;
    if (elsewhere > 0) this.#inherit(elsewhere, delivered.stream_seq);
    this.#lanes.resume();
  }

  #inherit(missing: number, upTo: number): void {
    const elsewhere = async () => {
      const { num_ack_pending } = await (await this.#onServer()).info();
      return num_ack_pending - this.#held.size;
    };
    const onComplete = (messages: JsMsg[], overdue: boolean) => {
      this.#inheritance = undefined;
      if (overdue) this.log.warn({ durable: this.name }, 'some of what was outstanding never came');
      for (const message of messages) this.#take(message);
    };
    const kept = this.#inheritance?.messages ?? [];
    this.#inheritance?.end();
    this.#inheritance = new NatsInheritance({ missing, upTo }, { elsewhere, onComplete });
    for (const message of kept) this.#admit(message);
  }

  async #onServer(): Promise<Consumer> {
    this.#consumer ??= await this.link.js.consumers.get(streamNames.events, this.name);
    return this.#consumer;
  }

  async #fetch(term: number): Promise<void> {
    const room = this.#inheritance === undefined ? heldAtMost - this.#held.size : fetchedAtMost;
    if (room <= 0) return new Promise((resolve) => (this.#room = resolve));
    const consumer = await this.#onServer();
    // The server sends nothing any more when somebody else can be the holder, even if it hears nothing from here.
    const expires = Math.min(fetchMs, tickMs + this.#lease.leftMs);
    const batch = await consumer.fetch({ max_messages: Math.min(room, fetchedAtMost), expires });
    this.#room = () => batch.stop();
    // It may have been closed while the server was asked: nobody would stop the batch any more.
    if (!this.#serves(term)) batch.stop();
    for await (const message of batch) if (this.#serves(term)) this.#receive(message);
    this.#room = () => undefined;
    if (batch.getReceived() === 0 && this.#serves(term)) this.#waiting = 0; // Whatever the last one that came had said.
  }

  /** A server that lost its data has lost the consumer too: then the numbers of what is held mean other events now. */
  async #restore(): Promise<void> {
    this.#doubtful = true;
    try {
      await this.#prepare();
      await ensureConsumer(this.link, this.name, this.options.types);
    } catch (failure) {
      this.log.warn({ durable: this.name, error: failure }, 'the consumer could not be made again');
    }
  }

  #receive(message: JsMsg): void {
    this.#waiting = message.info.pending;
    this.#lastDelivery = message.info.deliverySequence;
    this.#admit(message);
  }

  #admit(message: JsMsg): void {
    // Given out again while it is still worked on.
    if (this.#held.has(message.seq)) this.#held.set(message.seq, message);
    else if (this.#inheritance === undefined) this.#take(message);
    else this.#inheritance.keep(message);
  }

  #take(message: JsMsg): void {
    // Before 2.10 one filter covers more than is taken, often most of it: what is not is known by its subject, unread.
    if (!takes(this.#lanes.types, eventTypeOf(message.subject))) return this.#leaveOut(message);
    const text = message.string();
    const event = eventIn(text);
    const { seq, subject } = message;
    if (event === undefined) {
      this.log.error({ durable: this.name, subject, sequence: seq }, 'a message is no event and is left out');
      return message.term();
    }
    if (!takes(this.#lanes.types, event.type)) return message.ack();
    this.#held.set(seq, message);
    const attemptsBefore =
      message.info.deliveryCount > suspicious ? (this.options.maxDeliver ?? consumeDefaults.maxDeliver) - 1 : 0;
    void this.#lanes.take(resourceKey(event), firstly(event, text), { attemptsBefore }).then(
      () => this.#settle(seq, (held) => held.ack()),
      () => this.#settle(seq, (held) => held.nak()),
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

  /** Only who is the holder answers: what it was given may be somebody else's by now. */
  #settle(seq: number, answer: (message: JsMsg) => void): void {
    const message = this.#held.get(seq);
    if (message === undefined) return;
    if (this.#mine) answer(message);
    this.#held.delete(seq);
    if (this.#held.size === heldAtMost - 1) this.#room();
  }

  #working(): void {
    if (!this.link.up || !this.#lease.held) return;
    for (const message of [...this.#held.values(), ...(this.#inheritance?.messages ?? [])]) message.working();
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
