import {
  type AgentId,
  type Caller,
  type DataOf,
  DomainError,
  type EventContract,
  type EventEnvelope,
  type EventId,
  isDomainError,
  ofService,
  type OutputOf,
  type Rpc,
  type RunId,
  type TenantId,
  toProblem,
} from '@support101/contracts';
import { getAgent, getRun, runHumanRequested } from '@support101/contracts/agent-runtime';
import { registry } from '@support101/contracts/all';
import * as contract from '@support101/contracts/hitl';
import { tenantLimits } from '@support101/contracts/tenancy';
import { bootAlone, newId, type LoneService } from '@support101/service-kit';
import { anExampleOf, eventually, postgres, VirtualClock } from '@support101/testing';
import type { z } from 'zod';
import { hitlService } from '../src/app.module.js';

/** Somebody of a tenant, known by the id of the key. */
export function callerOf(tenantId: TenantId, id = 'key_ann', roles: string[] = ['reviewer']): Caller {
  return { tenantId, principal: { type: 'key', id, roles }, correlationId: 'cor_of_a_test' };
}

/** What a run asks unless a test says otherwise. */
type Wish = Partial<DataOf<typeof runHumanRequested>>;

/** Hitl booted by itself on a virtual clock, with stand-ins for tenancy and agent-runtime on the same transport. */
export class LoneHitl {
  readonly clock = new VirtualClock();
  readonly events: EventEnvelope[] = [];
  /** How many open requests the stand-in for tenancy allows a tenant; one that is not here is not found. */
  readonly limits = new Map<TenantId, number>();
  /** Agents and runs that the stand-in for agent-runtime knows, whose they are, and the agents of the runs. */
  readonly agents = new Map<AgentId, TenantId>();
  readonly runs = new Map<RunId, { tenantId: TenantId; agentId: AgentId }>();
  readonly #seen = new Set<string>();
  readonly #cleanUp: (() => Promise<void>)[] = [];
  #url!: string;
  #service!: LoneService;

  static async boot(): Promise<LoneHitl> {
    const hitl = new LoneHitl();
    const { url, close } = await postgres();
    hitl.#url = url;
    hitl.#cleanUp.push(close);
    await hitl.#start();
    return hitl;
  }

  /** Ends the process, as far as a service can tell, and starts it again on what the database has. */
  async restart(meanwhile: () => unknown = () => undefined): Promise<void> {
    await this.#service.close();
    meanwhile();
    await this.#start();
  }

  /** A tenant that may have that many open requests. */
  tenant(limit = 100): TenantId {
    const tenantId = newId('ten');
    this.limits.set(tenantId, limit);
    return tenantId;
  }

  /** An agent and a run of the tenant. */
  run(tenantId: TenantId): { runId: RunId; agentId: AgentId } {
    const [runId, agentId] = [newId('run'), newId('agt')];
    this.agents.set(agentId, tenantId);
    this.runs.set(runId, { tenantId, agentId });
    return { runId, agentId };
  }

  /** Lets a run ask a person; the wish it made, once hitl has heard of it. */
  async wish(tenantId: TenantId, over: Wish = {}): Promise<DataOf<typeof runHumanRequested>> {
    const data = {
      ...({
        ...this.run(tenantId),
        requestId: newId('req'),
        type: 'review',
        priority: 'medium',
        title: 'Reset a password',
      } as const),
      ...{ question: 'How?', options: ['approve', 'edit', 'respond', 'reject'], draft: 'Like this.', evidence: [] },
      ...{ context: {}, blueprint: 'support_agent', blueprintVersion: '1.0.0', step: 2, ...over },
    };
    await this.publish(runHumanRequested, tenantId, data);
    return data;
  }

  /** The request that a run has asked for. */
  async request(tenantId: TenantId, over: Wish = {}): Promise<contract.HitlRequest> {
    const { requestId } = await this.wish(tenantId, over);
    return this.ask(contract.getRequest, { requestId }, callerOf(tenantId));
  }

  /** Asks; what came of it counts for `unseen`. */
  async ask<C extends Rpc>(asked: C, input: z.input<C['input']>, caller: Caller): Promise<OutputOf<C>> {
    return (await this.askForReply(asked, input, caller)).output;
  }

  async askForReply<C extends Rpc>(asked: C, input: z.input<C['input']>, caller: Caller) {
    try {
      const reply = await this.#service.client.callForReply(asked, input, caller);
      this.#seen.add(`${asked.subject} answered`);
      return reply;
    } catch (error) {
      if (isDomainError(error)) this.#seen.add(`${asked.subject} ${error.code}`);
      throw error;
    }
  }

  /** Contracts among these never answered, and errors they declare that never came. Those about dead letters are service-kit's. */
  unseen(among: (subject: string) => boolean): string[] {
    return ofService(registry, 'hitl')
      .rpcs.filter(({ subject }) => among(subject) && !subject.includes('.dead-letters.'))
      .flatMap(({ subject, errors }) => ['answered', ...errors].map((what) => `${subject} ${what}`))
      .filter((what) => !this.#seen.has(what));
  }

  /** What was told about a resource, in order, once there are at least so many events of the type. */
  async told<E extends EventContract>(event: E, resource: string, count = 1): Promise<(EventEnvelope & { data: DataOf<E> })[]> {
    return eventually(() => {
      const found = this.events.filter(({ type, subject }) => type === event.type && subject === resource);
      if (found.length < count) throw new Error(`${found.length} ${event.type} of ${resource}`);
      return found as (EventEnvelope & { data: DataOf<E> })[];
    });
  }

  /** The types of the events about a request, without service and version, in order, once the last one has come. */
  async story(requestId: string, last: EventContract): Promise<string[]> {
    await this.told(last, `request:${requestId}`);
    return this.storySoFar(requestId);
  }

  storySoFar(requestId: string): string[] {
    return this.events.filter(({ subject }) => subject === `request:${requestId}`).map(({ type }) => type.split('.')[2] ?? '');
  }

  /** Publishes an event as another service would; resolves when it is handled. */
  async publish<E extends EventContract>(
    event: E,
    tenantId: TenantId,
    data: DataOf<E>,
    id: EventId = newId('evt'),
  ): Promise<void> {
    const [result] = await this.#service.transport.publish([
      {
        ...{ specversion: '1.0', id, source: '/support101/test', type: event.type, subject: event.resource(data) },
        ...{ time: this.clock.now().toISOString(), datacontenttype: 'application/json', tenantid: tenantId, data },
        ...{ principaltype: 'agent', principalid: 'agt_of_a_test', outcome: 'success', correlationid: 'cor_of_a_run' },
      },
    ]);
    if (result?.ok !== true) throw new Error('the event was not taken');
  }

  /** Lets time pass, and what fell due by it be done. */
  async pass(minutes: number): Promise<void> {
    await this.clock.advance(minutes * 60_000);
  }

  /** Rows of a table, past row-level security. */
  rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#service.service.database.asSystem('test', (tx) => tx.query<Row>(sql, values));
  }

  provider<T extends object>(type: abstract new (...args: never[]) => T): T {
    return this.#service.service.app.get(type, { strict: false });
  }

  async close(): Promise<void> {
    await this.#service?.close();
    for (const step of this.#cleanUp.reverse()) await step();
  }

  async #start(): Promise<void> {
    const options = { database: { url: this.#url, embedded: false }, time: this.clock };
    this.#service = await bootAlone(hitlService, options);
    await this.#standIn(tenantLimits, ({ tenantId }) => {
      const maxHitlQueueSize = this.limits.get(tenantId);
      if (maxHitlQueueSize === undefined) throw new DomainError('tenant_not_found');
      const standing = anExampleOf(tenantLimits.output, { tenantId });
      return { ...standing, limits: { ...standing.limits, maxHitlQueueSize } };
    });
    await this.#standIn(getAgent, ({ agentId }, tenantId) => {
      if (this.agents.get(agentId) !== tenantId) throw new DomainError('agent_not_found');
      return anExampleOf(getAgent.output, { agentId, tenantId });
    });
    await this.#standIn(getRun, ({ runId }, tenantId) => {
      const run = this.runs.get(runId);
      if (run?.tenantId !== tenantId) throw new DomainError('run_not_found');
      return anExampleOf(getRun.output, { runId, tenantId, agentId: run.agentId });
    });
    await this.#service.transport.observe({}, (event) => this.events.push(event));
  }

  /** Answers a contract of another service for as long as the transport lives. */
  async #standIn<C extends Rpc>(
    asked: C,
    answer: (input: z.output<C['input']>, tenantId: TenantId) => OutputOf<C>,
  ): Promise<void> {
    await this.#service.transport.serve(asked.subject, 'stand-in', async ({ body, headers }) => {
      try {
        const input = asked.input.parse(JSON.parse(body)) as z.output<C['input']>;
        return { body: JSON.stringify(answer(input, headers['s101-tenant'] as TenantId)), headers: {} };
      } catch (error) {
        const problem = toProblem(error);
        return { body: JSON.stringify(problem), headers: { 's101-problem': problem.code } };
      }
    });
  }
}
