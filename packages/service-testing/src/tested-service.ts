import { isDeepStrictEqual } from 'node:util';
import {
  type Caller,
  type DataOf,
  type EventContract,
  type EventEnvelope,
  isDomainError,
  ofService,
  type OutputOf,
  type Rpc,
  type TenantId,
  toProblem,
} from '@support101/contracts';
import type { Transport, WireMessage } from '@support101/messaging';
import { bootAlone, type LoneService, type RunningService, type ServiceDefinition } from '@support101/service-kit';
import { eventually, type VirtualClock } from '@support101/testing';
import type { z } from 'zod';
import { platform } from './callers.js';
import { type Engine, startEngine } from './engines.js';
import { envelopeOf, type Told } from './events.js';

/**
 * One service booted by itself on a database of its own. The test of a service extends it with the stand-ins for what the
 * service asks of others, and with its own words.
 */
export class TestedService {
  /** Everything the service, and the test, have published. */
  readonly events: EventEnvelope[] = [];
  /** Time of the service where a test moves it; without one it is the real time. */
  readonly clock: VirtualClock | undefined = undefined;
  /** Who asks where a test names nobody. */
  protected readonly usualCaller: Caller = platform;
  readonly #definition: ServiceDefinition;
  readonly #seen = new Set<string>();
  readonly #cleanUp: (() => Promise<unknown>)[] = [];
  #database!: { readonly url: string; readonly embedded: boolean };
  #transport!: Transport;
  #lone: LoneService | undefined;

  protected constructor(definition: ServiceDefinition) {
    this.#definition = definition;
  }

  /** The service itself, for what no contract tells. */
  get running(): RunningService {
    return this.#booted.service;
  }

  /** Ends the process, as far as a service can tell, and starts it again on what the database has. */
  async restart(meanwhile: () => unknown = () => undefined): Promise<void> {
    await this.#booted.close();
    meanwhile();
    await this.#boot();
  }

  /** Asks; what came of it counts for `unseen`. */
  async ask<C extends Rpc>(contract: C, input: z.input<C['input']>, caller?: Caller): Promise<OutputOf<C>> {
    return (await this.askForReply(contract, input, caller)).output;
  }

  /** Like `ask`, with the headers of the reply. */
  async askForReply<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller = this.usualCaller) {
    try {
      const reply = await this.#booted.client.callForReply(contract, input, caller);
      this.#seen.add(`${contract.subject} answered`);
      return reply;
    } catch (error) {
      if (isDomainError(error)) this.#seen.add(`${contract.subject} ${error.code}`);
      throw error;
    }
  }

  /** Contracts among these never answered, and errors they declare that never came. Those about dead letters are service-kit's. */
  unseen(among: (subject: string) => boolean = () => true): string[] {
    return ofService(this.#definition.registry, this.#definition.name)
      .rpcs.filter(({ subject }) => among(subject) && !subject.includes('.dead-letters.'))
      .flatMap(({ subject, errors }) => ['answered', ...errors].map((what) => `${subject} ${what}`))
      .filter((what) => !this.#seen.has(what));
  }

  /** The events of this kind about this tenant or resource so far, in order; those with these data, if any are given. */
  eventsOf<E extends EventContract>(contract: E, about: string, data: Partial<DataOf<E>> = {}): Told<E>[] {
    const isMeant = (event: EventEnvelope) =>
      event.type === contract.type &&
      (event.tenantid === about || event.subject === about) &&
      Object.entries(data).every(([name, value]) => isDeepStrictEqual(event.data[name], value));
    return this.events.filter(isMeant) as Told<E>[];
  }

  /** The same, once there are at least so many of them. */
  async told<E extends EventContract>(contract: E, about: string, count = 1, data: Partial<DataOf<E>> = {}): Promise<Told<E>[]> {
    return eventually(() => {
      const found = this.eventsOf(contract, about, data);
      if (found.length < count) throw new Error(`${found.length} ${contract.type} of ${about}`);
      return found;
    });
  }

  /**
   * The event of this kind about this tenant or resource with these data, once it has come. Throws when there are several:
   * which of them is meant would then be a question of time.
   */
  async event<E extends EventContract>(contract: E, about: string, data: Partial<DataOf<E>> = {}): Promise<Told<E>> {
    const found = await this.told(contract, about, 1, data);
    if (found.length > 1) throw new Error(`${found.length} ${contract.type} of ${about}: say which`);
    return found[0] as Told<E>;
  }

  /** Publishes an event as another service would; resolves when it is handled. */
  async publish<E extends EventContract>(
    contract: E,
    tenantId: TenantId,
    data: DataOf<E>,
    given: Partial<EventEnvelope> = {},
  ): Promise<EventEnvelope> {
    const time = (this.clock?.now() ?? new Date()).toISOString();
    const event = envelopeOf(contract, tenantId, data, { time, ...given });
    await this.tell(event);
    return event;
  }

  /** Publishes these events at once; resolves when they are handled. */
  async tell(...events: EventEnvelope[]): Promise<void> {
    for (const result of await this.#transport.publish(events)) if (!result.ok) throw result.error;
  }

  /** Rows of a table, past row-level security. */
  rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.running.database.asSystem('test', (tx) => tx.query<Row>(sql, values));
  }

  /** A provider out of the service's container. */
  provider<T extends object>(type: abstract new (...args: never[]) => T): T {
    return this.running.app.get(type, { strict: false });
  }

  /** Stops the service and removes its database. */
  async close(): Promise<void> {
    await this.#lone?.close();
    for (const step of this.#cleanUp.reverse()) await step();
  }

  /** Boots the service on a database of its own on the engine, or on the given one, which stays. */
  protected async start({
    engine = 'native',
    url,
  }: { engine?: Engine | undefined; url?: string | undefined } = {}): Promise<this> {
    if (url === undefined) {
      const server = await startEngine(engine);
      this.atEnd(server.close);
      this.#database = { url: server.url, embedded: engine === 'embedded' };
    } else this.#database = { url, embedded: engine === 'embedded' };
    await this.#boot();
    return this;
  }

  /** What is to be closed after the service. */
  protected atEnd(step: () => Promise<unknown>): void {
    this.#cleanUp.push(step);
  }

  /** Serves with `standIn` what the service asks of others; runs before each of its starts. */
  protected prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** Answers a contract of another service for as long as this one runs. */
  protected async standIn<C extends Rpc>(
    contract: C,
    answer: (input: z.output<C['input']>, tenantId: TenantId, headers: WireMessage['headers']) => OutputOf<C>,
  ): Promise<void> {
    await this.#transport.serve(contract.subject, 'stand-in', ({ body, headers }) => {
      try {
        const input = contract.input.parse(JSON.parse(body)) as z.output<C['input']>;
        const output = answer(input, headers['s101-tenant'] as TenantId, headers);
        return Promise.resolve({ body: JSON.stringify(output), headers: {} });
      } catch (error) {
        const problem = toProblem(error);
        return Promise.resolve({ body: JSON.stringify(problem), headers: { 's101-problem': problem.code } });
      }
    });
  }

  get #booted(): LoneService {
    if (this.#lone === undefined) throw new Error(`${this.#definition.name} is not booted`);
    return this.#lone;
  }

  async #boot(): Promise<void> {
    const prepare = async (transport: Transport): Promise<void> => {
      this.#transport = transport;
      // Before the service: at its start it publishes what its last end left.
      await transport.observe({}, (event) => this.events.push(event));
      await this.prepare();
    };
    const time = this.clock === undefined ? {} : { time: this.clock };
    this.#lone = await bootAlone(this.#definition, { database: this.#database, prepare, ...time });
  }
}
