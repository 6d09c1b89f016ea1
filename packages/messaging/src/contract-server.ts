import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { Caller, EventContract, EventEnvelope, Rpc } from '@support101/contracts';
import { measures } from '@support101/telemetry';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Binding, ConsumesOptions } from './answers.js';
import { answer } from './command-answer.js';
import { observeLag } from './consumer-lag.js';
import { deliver } from './event-delivery.js';
import { silentLog, type MessagingLog } from './messaging-log.js';
import { systemTime, type TimeSource } from '@support101/time';
import {
  everyType,
  type ConsumeOptions,
  type ConsumerSubscription,
  type DeadLetter,
  type Subscription,
  type Transport,
} from './transport.js';

/** What a service's server needs. */
export interface ContractServerOptions {
  /** Name of the service: its queue group and the first part of its durables' names. */
  readonly service: string;
  readonly transport: Transport;
  readonly log?: MessagingLog;
  readonly time?: TimeSource;
  /** Keeps events that a durable gave up on; without it they are logged only. `durable` is the service's own name for it. */
  onDeadLetter?(letter: DeadLetter): Promise<void>;
}

interface Consumed {
  /** Undefined: every event that has no method of its own. */
  readonly event: EventContract | undefined;
  readonly invoke: (...values: unknown[]) => Promise<unknown>;
}

interface Durable {
  options: ConsumesOptions;
  readonly byType: Map<string, Consumed>;
}

/** Nest microservice strategy: answers contracts and consumes events over a Transport. */
export class ContractServer extends Server implements CustomTransportStrategy {
  readonly #bindings: Binding[] = [];
  readonly #commands: { contract: Rpc; invoke: (...values: unknown[]) => Promise<unknown> }[] = [];
  readonly #durables = new Map<string, Durable>();
  readonly #subscriptions: Subscription[] = [];
  readonly #consumers = new Map<string, ConsumerSubscription>();
  #stopObserving: () => void = () => undefined;
  readonly #log: MessagingLog;
  readonly #time: TimeSource;

  constructor(private readonly options: ContractServerOptions) {
    super();
    this.#log = options.log ?? silentLog;
    this.#time = options.time ?? systemTime;
  }

  /** What is bound, for `assertAnswered`; complete once Nest has initialised the service. */
  get bindings(): readonly Binding[] {
    return this.#bindings;
  }

  /** Called by Nest for each bound method. */
  override addHandler(pattern: unknown, callback: MessageHandler, isEvent?: boolean, extras: Record<string, unknown> = {}): void {
    super.addHandler(pattern, callback, isEvent, extras);
    const binding = extras['binding'] as Binding | undefined;
    if (binding === undefined) throw new Error(`${String(pattern)}: bind methods with Answers, Consumes or ConsumesAll`);
    this.#bindings.push(binding);
    const invoke = plain(callback);
    if (binding.kind === 'answers') this.#commands.push({ contract: binding.contract, invoke });
    else this.#addConsumer(binding.kind === 'consumes' ? binding.event : undefined, binding.options, invoke);
  }

  /** Starts answering and consuming; called by Nest. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      for (const command of this.#commands) await this.#serve(command);
      for (const [name, durable] of this.#durables) await this.#consume(name, durable);
      this.#stopObserving = observeLag(
        this.options.transport,
        [...this.#durables.keys()].map((name) => this.#fullName(name)),
      );
    } catch (error) {
      return callback(error);
    }
    callback();
  }

  /** Stops taking messages and waits for those being handled; called by Nest. */
  async close(): Promise<void> {
    this.#stopObserving();
    const subscriptions = this.#subscriptions.splice(0);
    this.#consumers.clear();
    await Promise.all(subscriptions.map((subscription) => subscription.close()));
  }

  /** Gives an event to one durable of this service again; rejects with the handler's error. */
  async redeliver(durable: string, event: EventEnvelope): Promise<void> {
    const consumer = this.#consumers.get(durable);
    if (consumer === undefined) throw new Error(`${this.options.service}: nothing consumes as ${durable}`);
    await consumer.replay(event);
  }

  on(): void {
    // There is nothing to listen to: the transport's status() says how it is.
  }

  unwrap<T>(): T {
    return this.options.transport as T;
  }

  async #serve({ contract, invoke }: { contract: Rpc; invoke: (...values: unknown[]) => Promise<unknown> }): Promise<void> {
    const ports = { time: this.#time, log: this.#log };
    const call = (input: unknown, caller: Caller, context: unknown) => invoke(input, caller, context);
    const { service, transport } = this.options;
    this.#subscriptions.push(
      await transport.serve(contract.subject, service, (message) => answer(contract, message, call, ports)),
    );
  }

  async #consume(name: string, durable: Durable): Promise<void> {
    const { durable: _, ...policy } = durable.options;
    const fullName = this.#fullName(name);
    const options: ConsumeOptions = {
      ...policy,
      durable: fullName,
      types: [...durable.byType.keys()],
      onDeadLetter: async (letter) => {
        await this.options.onDeadLetter?.({ ...letter, durable: name });
        measures.deadLetters.add({ durable: fullName });
      },
    };
    const subscription = await this.options.transport.consume(options, (event, attempt, signal) =>
      this.#deliver(name, durable, { event, attempt, signal }),
    );
    this.#subscriptions.push(subscription);
    this.#consumers.set(name, subscription);
  }

  async #deliver(
    name: string,
    durable: Durable,
    delivered: { event: EventEnvelope; attempt: number; signal: AbortSignal },
  ): Promise<void> {
    const { event, attempt } = delivered;
    const consumed = durable.byType.get(event.type) ?? durable.byType.get(everyType);
    if (consumed === undefined) return;
    const startedAt = performance.now();
    const measure = (outcome: string) => measures.eventsHandled.since(startedAt, { durable: this.#fullName(name), outcome });
    try {
      await deliver(consumed.event, name, delivered, consumed.invoke);
      measure('handled');
    } catch (error) {
      measure('failed');
      const facts = { durable: name, type: event.type, eventId: event.id, correlationId: event.correlationid, attempt, error };
      this.#log.warn(facts, 'an event could not be handled');
      throw error;
    }
  }

  /** Unique in the system, as the broker knows it. */
  #fullName(durable: string): string {
    return `${this.options.service}-${durable}`;
  }

  #addConsumer(event: EventContract | undefined, options: ConsumesOptions, invoke: Consumed['invoke']): void {
    const durable = this.#durables.get(options.durable) ?? { options, byType: new Map() };
    const type = event?.type ?? everyType;
    if (durable.byType.has(type)) throw new Error(`${options.durable} consumes ${type} twice`);
    durable.byType.set(type, { event, invoke });
    durable.options = { ...durable.options, ...options };
    this.#durables.set(options.durable, durable);
  }
}

/** Nest gives a value or an Observable of one, depending on interceptors and failures. */
function plain(callback: MessageHandler): (...values: unknown[]) => Promise<unknown> {
  const call = callback as (...values: unknown[]) => Promise<unknown>;
  return async (...values) => {
    const result = await call(...values);
    return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
  };
}
