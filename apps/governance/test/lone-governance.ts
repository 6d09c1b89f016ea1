import {
  type Caller,
  type DataOf,
  type EventContract,
  type EventEnvelope,
  isDomainError,
  ofService,
  type OutputOf,
  type Rpc,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import { registry } from '@support101/contracts/all';
import type { Database } from '@support101/database';
import { bootAlone, type LoneService, newId } from '@support101/service-kit';
import { eventually, postgres, VirtualClock } from '@support101/testing';
import type { z } from 'zod';
import { governanceService } from '../src/app.module.js';

/** Somebody with these roles in a tenant. */
export function memberOf(tenantId: TenantId, roles: string[], id = 'key_of_a_test'): TenantCaller {
  return { tenantId, principal: { type: 'key', id, roles }, correlationId: 'cor_of_a_test' };
}

/** An administrator of one tenant. */
export function adminOf(tenantId: TenantId): TenantCaller {
  return memberOf(tenantId, ['admin']);
}

/** Governance booted by itself; events of other services are published as theirs. */
export class LoneGovernance {
  readonly clock = new VirtualClock();
  readonly events: EventEnvelope[] = [];
  readonly #seen = new Set<string>();
  readonly #cleanUp: (() => Promise<void>)[] = [];
  #service!: LoneService;

  static async boot(): Promise<LoneGovernance> {
    const governance = new LoneGovernance();
    const { url, close } = await postgres();
    governance.#cleanUp.push(close);
    governance.#service = await bootAlone(governanceService, { database: { url, embedded: false }, time: governance.clock });
    governance.#cleanUp.push(() => governance.#service.close());
    await governance.#service.transport.observe({}, (event) => governance.events.push(event));
    return governance;
  }

  get database(): Database {
    return this.#service.service.database;
  }

  /** Asks; what came of it counts for `unseen`. */
  async ask<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller): Promise<OutputOf<C>> {
    const { output } = await this.askForReply(contract, input, caller);
    return output;
  }

  async askForReply<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller) {
    try {
      const reply = await this.#service.client.callForReply(contract, input, caller);
      this.#seen.add(`${contract.subject} answered`);
      return reply;
    } catch (error) {
      if (isDomainError(error)) this.#seen.add(`${contract.subject} ${error.code}`);
      throw error;
    }
  }

  /** Contracts of these capabilities never answered, and errors they declare that never came. */
  unseen(...capabilities: string[]): string[] {
    return ofService(registry, 'governance')
      .rpcs.filter(({ subject }) => capabilities.includes(subject.split('.')[1] ?? ''))
      .flatMap(({ subject, errors }) => ['answered', ...errors].map((what) => `${subject} ${what}`))
      .filter((what) => !this.#seen.has(what));
  }

  /** Publishes a fact of another service, and resolves when governance has handled it. */
  async happened<E extends EventContract>(
    contract: E,
    data: DataOf<E>,
    caller: TenantCaller,
    given: Partial<EventEnvelope> = {},
  ): Promise<EventEnvelope> {
    const { type, id } = caller.principal;
    const event: EventEnvelope = {
      specversion: '1.0',
      id: newId('evt'),
      source: '/support101/test',
      type: contract.type,
      subject: contract.resource(data),
      time: this.clock.now().toISOString(),
      datacontenttype: 'application/json',
      tenantid: caller.tenantId,
      principaltype: type,
      principalid: id,
      outcome: contract.outcome(data),
      correlationid: caller.correlationId,
      data,
      ...given,
    };
    await this.publish(event);
    return event;
  }

  async publish(...events: EventEnvelope[]): Promise<void> {
    const results = await this.#service.transport.publish(events);
    for (const result of results) if (!result.ok) throw result.error;
  }

  /** The event of this kind about this tenant, once it has come. */
  async event<E extends EventContract>(contract: E, tenantId: TenantId): Promise<EventEnvelope & { data: DataOf<E> }> {
    return eventually(() => {
      const found = this.events.findLast((event) => event.type === contract.type && event.tenantid === tenantId);
      if (found === undefined) throw new Error(`no ${contract.type} of ${tenantId}`);
      return found as EventEnvelope & { data: DataOf<E> };
    });
  }

  async close(): Promise<void> {
    for (const step of this.#cleanUp.reverse()) await step();
  }
}
