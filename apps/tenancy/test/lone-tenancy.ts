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
} from '@support101/contracts';
import { countAgents } from '@support101/contracts/agent-runtime';
import { registry } from '@support101/contracts/all';
import { bootAlone, type LoneService, newId } from '@support101/service-kit';
import { anExampleOf, eventually, postgres, VirtualClock } from '@support101/testing';
import type { z } from 'zod';
import { tenancyService } from '../src/app.module.js';

/** The platform's operator. */
export const platform: Caller = { principal: { type: 'platform', id: 'platform', roles: [] }, correlationId: 'test' };

/** An administrator of one tenant. */
export function adminOf(tenantId: TenantId): Caller {
  return { tenantId, principal: { type: 'key', id: 'key_of_a_test', roles: ['admin'] }, correlationId: 'test' };
}

/** Tenancy booted by itself, with an agent-runtime that only counts agents. */
export class LoneTenancy {
  readonly clock = new VirtualClock();
  readonly events: EventEnvelope[] = [];
  /** Agents the stand-in for agent-runtime says there are. */
  agents = new Map<TenantId, number>();
  readonly #seen = new Set<string>();
  readonly #cleanUp: (() => Promise<void>)[] = [];
  #service!: LoneService;

  static async boot(): Promise<LoneTenancy> {
    const tenancy = new LoneTenancy();
    const { url, close } = await postgres();
    tenancy.#cleanUp.push(close);
    tenancy.#service = await bootAlone(tenancyService, { database: { url, embedded: false }, time: tenancy.clock });
    tenancy.#cleanUp.push(() => tenancy.#service.close());
    await tenancy.#standInForAgentRuntime();
    await tenancy.#service.transport.observe({}, (event) => tenancy.events.push(event));
    return tenancy;
  }

  /** Asks; what came of it counts for `unseen`. */
  async ask<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller = platform): Promise<OutputOf<C>> {
    const { output } = await this.askForReply(contract, input, caller);
    return output;
  }

  async askForReply<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller = platform) {
    try {
      const reply = await this.#service.client.callForReply(contract, input, caller);
      this.#seen.add(`${contract.subject} answered`);
      return reply;
    } catch (error) {
      if (isDomainError(error)) this.#seen.add(`${contract.subject} ${error.code}`);
      throw error;
    }
  }

  /** Contracts never answered and errors they declare that never came; of the given subjects. */
  unseen(of: (subject: string) => boolean): string[] {
    return ofService(registry, 'tenancy')
      .rpcs.filter(({ subject }) => of(subject) && !subject.includes('.dead-letters.'))
      .flatMap(({ subject, errors }) => ['answered', ...errors].map((what) => `${subject} ${what}`))
      .filter((what) => !this.#seen.has(what));
  }

  /** The event of this kind about this tenant, once it has come. */
  async event<E extends EventContract>(contract: E, tenantId: TenantId): Promise<EventEnvelope & { data: DataOf<E> }> {
    return eventually(() => {
      const found = this.events.findLast((event) => event.type === contract.type && event.tenantid === tenantId);
      if (found === undefined) throw new Error(`no ${contract.type} of ${tenantId}`);
      return found as EventEnvelope & { data: DataOf<E> };
    });
  }

  /** Publishes an event as another service would; resolves when it is handled. */
  async publish<E extends EventContract>(contract: E, tenantId: TenantId, overrides: Partial<DataOf<E>>): Promise<void> {
    const data = anExampleOf(contract.data, overrides as Partial<z.input<E['data']>>);
    const [result] = await this.#service.transport.publish([
      {
        specversion: '1.0',
        id: newId('evt'),
        source: '/support101/test',
        type: contract.type,
        subject: contract.resource(data),
        time: this.clock.now().toISOString(),
        datacontenttype: 'application/json',
        tenantid: tenantId,
        principaltype: 'service',
        principalid: 'test',
        outcome: contract.outcome(data),
        correlationid: 'test',
        data,
      },
    ]);
    if (result?.ok !== true) throw new Error('the event was not taken');
  }

  /** Rows of a table, past row-level security. */
  rows<Row extends object>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#service.service.database.asSystem('test', (tx) => tx.query<Row>(sql, values));
  }

  provider<T extends object>(type: abstract new (...args: never[]) => T): T {
    return this.#service.service.app.get(type, { strict: false });
  }

  async close(): Promise<void> {
    for (const step of this.#cleanUp.reverse()) await step();
  }

  async #standInForAgentRuntime(): Promise<void> {
    const counter = await this.#service.transport.serve(countAgents.subject, 'agent-runtime', async (message) => {
      const { tenantId } = countAgents.input.parse(JSON.parse(message.body));
      const counts = tenantId === undefined ? [...this.agents.values()] : [this.agents.get(tenantId) ?? 0];
      const total = counts.reduce((sum, count) => sum + count, 0);
      return { body: JSON.stringify({ total }), headers: {} };
    });
    this.#cleanUp.push(() => counter.close());
  }
}
