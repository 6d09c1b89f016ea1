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
import { registry } from '@support101/contracts/all';
import { receiveWebhook, type WebhookSource } from '@support101/contracts/webhook-gateway';
import { bootAlone, type LoneService, newId } from '@support101/service-kit';
import { eventually, postgres, VirtualClock } from '@support101/testing';
import type { z } from 'zod';
import { webhookGatewayService } from '../src/app.module.js';
import { secretsKey } from './engines.js';
import type { Sent } from './senders.js';

/** An administrator of one tenant. */
export function adminOf(tenantId: TenantId): Caller & { tenantId: TenantId } {
  return { tenantId, principal: { type: 'key', id: 'key_of_a_test', roles: ['admin'] }, correlationId: 'test' };
}

/** Who calls a public contract. */
const stranger: Caller = { principal: { type: 'user', id: 'anonymous', roles: [] }, correlationId: 'test' };

/** The service booted by itself. */
export class LoneWebhookGateway {
  readonly clock = new VirtualClock();
  readonly events: EventEnvelope[] = [];
  readonly #seen = new Set<string>();
  readonly #cleanUp: (() => Promise<void>)[] = [];
  #url = '';
  #service!: LoneService;

  static async boot(): Promise<LoneWebhookGateway> {
    const lone = new LoneWebhookGateway();
    const { url, close } = await postgres();
    lone.#cleanUp.push(close);
    lone.#url = url;
    await lone.#start();
    return lone;
  }

  /** Stops the service and starts it on the same database. */
  async restart(): Promise<void> {
    await this.#service.close();
    await this.#start();
  }

  async ask<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller = stranger): Promise<OutputOf<C>> {
    return (await this.askForReply(contract, input, caller)).output;
  }

  /** Asks; what came of it counts for `unseen`. */
  async askForReply<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller = stranger) {
    try {
      const reply = await this.#service.client.callForReply(contract, input, caller);
      this.#seen.add(`${contract.subject} answered`);
      return reply;
    } catch (error) {
      if (isDomainError(error)) this.#seen.add(`${contract.subject} ${error.code}`);
      throw error;
    }
  }

  /** Sends a webhook as the gateway passes it on. */
  send({ provider, sourceId }: Pick<WebhookSource, 'provider' | 'sourceId'>, { body, headers }: Sent) {
    return this.ask(receiveWebhook, { provider, sourceId, body: Buffer.from(body).toString('base64'), headers });
  }

  /** Contracts never answered and errors they declare that never came. Those about dead letters are service-kit's. */
  unseen(): string[] {
    return ofService(registry, 'webhook-gateway')
      .rpcs.filter(({ subject }) => !subject.includes('.dead-letters.'))
      .flatMap(({ subject, errors }) => ['answered', ...errors].map((what) => `${subject} ${what}`))
      .filter((what) => !this.#seen.has(what));
  }

  /** The events of this kind about this tenant so far. */
  eventsOf<E extends EventContract>(contract: E, tenantId: TenantId): (EventEnvelope & { data: DataOf<E> })[] {
    const found = this.events.filter((event) => event.type === contract.type && event.tenantid === tenantId);
    return found as (EventEnvelope & { data: DataOf<E> })[];
  }

  /** The last event of this kind about this tenant, once it has come. */
  async event<E extends EventContract>(contract: E, tenantId: TenantId): Promise<EventEnvelope & { data: DataOf<E> }> {
    return eventually(() => {
      const found = this.eventsOf(contract, tenantId).at(-1);
      if (found === undefined) throw new Error(`no ${contract.type} of ${tenantId}`);
      return found;
    });
  }

  /** Publishes an event of another service. */
  async publish(type: string, tenantid: TenantId, data: Record<string, unknown>): Promise<void> {
    const envelope = { specversion: '1.0', id: newId('evt'), source: 'test', type, subject: 'test:1', tenantid, data } as const;
    const rest = { principaltype: 'platform', principalid: 'platform', outcome: 'success', correlationid: 'test' };
    const time = this.clock.now().toISOString();
    await this.#service.transport.publish([{ ...envelope, ...rest, time, datacontenttype: 'application/json' }]);
  }

  /** Rows of a table, past row-level security. */
  rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#service.service.database.asSystem('test', (tx) => tx.query<Row>(sql, values));
  }

  /** Makes what came over a source older: moving the clock by weeks would run every timer on the way. */
  async received(sourceId: string, agoMs: number): Promise<void> {
    const at = new Date(this.clock.now().getTime() - agoMs);
    await this.rows('update inbound set received_at = $2 where source_id = $1', [sourceId, at]);
  }

  provider<T extends object>(type: abstract new (...args: never[]) => T): T {
    return this.#service.service.app.get(type, { strict: false });
  }

  async close(): Promise<void> {
    await this.#service.close();
    for (const step of this.#cleanUp.reverse()) await step();
  }

  async #start(): Promise<void> {
    const definition = webhookGatewayService({ secretsKey, publicUrl: 'https://support.example/' });
    this.#service = await bootAlone(definition, { database: { url: this.#url, embedded: false }, time: this.clock });
    await this.#service.transport.observe({}, (event) => this.events.push(event));
  }
}
