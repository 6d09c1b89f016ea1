import {
  type Caller,
  type DataOf,
  DomainError,
  type EventContract,
  type EventEnvelope,
  type EventId,
  isDomainError,
  type OutputOf,
  ofService,
  type Rpc,
  type TenantId,
  toProblem,
} from '@support101/contracts';
import { createAgent, executeAgent, runHumanRequested, type Agent, type Run } from '@support101/contracts/agent-runtime';
import { requestDecided, requestOpened } from '@support101/contracts/hitl';
import { registry } from '@support101/contracts/all';
import { searchKnowledge } from '@support101/contracts/learning';
import { releaseUsage, reserveUsage, tenantLimits } from '@support101/contracts/tenancy';
import { builtInBlueprints } from '@support101/blueprints';
import { openModels } from '@support101/models';
import { bootAlone, newId, type LoneService } from '@support101/service-kit';
import { eventually, postgres } from '@support101/testing';
import type { z } from 'zod';
import { agentRuntimeService } from '../src/app.module.js';
import { decided, envelopeOf } from './envelope.js';
import { scripted } from './scripted.js';

type Standing = OutputOf<typeof tenantLimits>;

const limits = {
  maxAgents: 20,
  maxConcurrentExecutions: 20,
  maxRequestsPerMinute: 100,
  maxStorageMb: 1e3,
  maxVectorDocuments: 1e3,
  maxHitlQueueSize: 100,
};

/** An operator of one tenant. */
export function operatorOf(tenantId: TenantId): Caller {
  return { tenantId, principal: { type: 'key', id: 'key_of_a_test', roles: ['operator'] }, correlationId: 'cor_of_a_test' };
}

/** Agent-runtime booted by itself, with stand-ins for tenancy and learning on the same transport. */
export class LoneRuntime {
  readonly events: EventEnvelope[] = [];
  /** What the stand-in for tenancy says; a tenant it does not know is not found. */
  readonly tenants = new Map<TenantId, Standing>();
  /** Holders of the places that the stand-in for tenancy has given out, by `<tenant> <limit>`; no more than `roomFor` each. */
  readonly places = new Map<string, Set<string>>();
  roomFor = Number.POSITIVE_INFINITY;
  /** Titles the stand-in for learning finds; an error is answered instead. */
  knowledge: readonly string[] | DomainError = ['Reset your password'];
  /** How sure it is of what it finds. */
  score = 0.95;
  /** Callers the stand-in for learning was asked by. */
  readonly askedBy: string[] = [];
  readonly #seen = new Set<string>();
  readonly #cleanUp: (() => Promise<void>)[] = [];
  #service!: LoneService;

  /** On a database of its own, or on the given one, which stays. */
  static async boot(given?: { readonly url: string }): Promise<LoneRuntime> {
    const runtime = new LoneRuntime();
    const { url, close } = given === undefined ? await postgres() : { ...given, close: () => Promise.resolve() };
    runtime.#cleanUp.push(close);
    const { tasks, close: closeModels } = await openModels();
    runtime.#cleanUp.push(closeModels);
    const definition = agentRuntimeService({ tasks, blueprints: [...builtInBlueprints, scripted('1.0.0'), scripted('1.1.0')] });
    runtime.#service = await bootAlone(definition, { database: { url, embedded: false } });
    runtime.#cleanUp.push(() => runtime.#service.close());
    await runtime.#standIn(tenantLimits, ({ tenantId }) => {
      const tenant = runtime.tenants.get(tenantId);
      if (tenant === undefined) throw new DomainError('tenant_not_found');
      return tenant;
    });
    const holders = (tenant: string | undefined, limit: string): Set<string> => {
      const key = `${tenant} ${limit}`;
      return runtime.places.get(key) ?? runtime.places.set(key, new Set()).get(key) ?? new Set();
    };
    await runtime.#standIn(reserveUsage, ({ limit, holder }, headers) => {
      const held = holders(headers['s101-tenant'], limit);
      if (held.size >= runtime.roomFor) throw new DomainError('limit_exceeded', `no room for ${limit}`, { retryAfterSeconds: 3 });
      return { current: held.add(holder).size, limit: 1e6 };
    });
    await runtime.#standIn(releaseUsage, ({ limit, holder }, headers) => {
      holders(headers['s101-tenant'], limit).delete(holder);
      return {};
    });
    await runtime.#standIn(searchKnowledge, ({ topK }, headers) => {
      runtime.askedBy.push(`${headers['s101-tenant']} ${headers['s101-principal']}`);
      if (isDomainError(runtime.knowledge)) throw runtime.knowledge;
      return { data: runtime.knowledge.slice(0, topK).map((title) => hit(title, runtime.score)) };
    });
    await runtime.#service.transport.observe({}, (event) => runtime.events.push(event));
    return runtime;
  }

  /** A tenant that tenancy knows. */
  tenant(over: Partial<Standing> = {}): TenantId {
    const tenantId = newId('ten');
    this.tenants.set(tenantId, { tenantId, status: 'active', tier: 'professional', limits, allowedBlueprints: [], ...over });
    return tenantId;
  }

  /** A scripted agent of the tenant. */
  agent(tenantId: TenantId, config: Record<string, unknown> = {}): Promise<Agent> {
    return this.ask(createAgent, { blueprint: 'scripted', name: 'Ada', config }, operatorOf(tenantId));
  }

  /** Executes the agent with a script. */
  run(
    agent: Agent,
    script: readonly object[],
    over: { waitSeconds?: number; timeoutSeconds?: number; end?: string } = {},
  ): Promise<Run> {
    const { end = 'finish', ...rest } = over;
    return this.ask(executeAgent, { agentId: agent.agentId, input: { script, end }, ...rest }, operatorOf(agent.tenantId));
  }

  /** Asks; what came of it counts for `unseen`. */
  async ask<C extends Rpc>(contract: C, input: z.input<C['input']>, caller: Caller): Promise<OutputOf<C>> {
    return (await this.askForReply(contract, input, caller)).output;
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

  /** Contracts never answered and errors they declare that never came. Those about dead letters are service-kit's. */
  unseen(): string[] {
    return ofService(registry, 'agent-runtime')
      .rpcs.filter(({ subject }) => !subject.includes('.dead-letters.'))
      .flatMap(({ subject, errors }) => ['answered', ...errors].map((what) => `${subject} ${what}`))
      .filter((what) => !this.#seen.has(what));
  }

  /** The types of the events about this resource, in order, once one of the given type has come. */
  async factsUntil(resource: string, last: EventContract): Promise<string[]> {
    return eventually(() => {
      const facts = this.events.filter((event) => event.subject === resource).map((event) => event.type);
      if (!facts.includes(last.type)) throw new Error(`no ${last.type} of ${resource}`);
      return facts;
    });
  }

  /** The event of this kind about this resource, once it has come. */
  async event<E extends EventContract>(contract: E, resource: string): Promise<EventEnvelope & { data: DataOf<E> }> {
    await this.factsUntil(resource, contract);
    return this.events.find((event) => event.type === contract.type && event.subject === resource) as EventEnvelope & {
      data: DataOf<E>;
    };
  }

  /** Publishes an event as another service would; resolves when it is handled. */
  async publish<E extends EventContract>(
    contract: E,
    tenantId: TenantId,
    data: DataOf<E>,
    id: EventId = newId('evt'),
  ): Promise<void> {
    await this.tell(envelopeOf(contract, tenantId, data, id));
  }

  /** Publishes an event; resolves when it is handled. */
  async tell(event: EventEnvelope): Promise<void> {
    const [result] = await this.#service.transport.publish([event]);
    if (result?.ok !== true) throw new Error('the event was not taken');
  }

  /** The request a run asks for, once it is told; as hitl does, it is then opened. */
  async requestOf({ tenantId, runId, agentId }: Run): Promise<DataOf<typeof runHumanRequested>> {
    const { data } = await this.event(runHumanRequested, `run:${runId}`);
    const { requestId, type, priority, title } = data;
    const slaDeadline = new Date().toISOString();
    await this.publish(requestOpened, tenantId, { requestId, runId, agentId, type, priority, title, slaDeadline });
    return data;
  }

  /** Tells the decision of a person about a request, as hitl does. */
  decide(
    run: Run,
    request: Parameters<typeof decided>[1],
    decision: Parameters<typeof decided>[2],
    eventId?: EventId,
  ): Promise<void> {
    return this.publish(requestDecided, run.tenantId, decided(run, request, decision), eventId);
  }

  /** Rows of a table, past row-level security. */
  rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.#service.service.database.asSystem('test', (tx) => tx.query<Row>(sql, values));
  }

  provider<T extends object>(type: abstract new (...args: never[]) => T): T {
    return this.#service.service.app.get(type, { strict: false });
  }

  /** What a process that is told to stop does first. */
  stopWork(): Promise<void> {
    return this.#service.service.stopWork();
  }

  async close(): Promise<void> {
    for (const step of this.#cleanUp.reverse()) await step();
  }

  async #standIn<C extends Rpc>(
    contract: C,
    answer: (input: z.output<C['input']>, headers: Readonly<Record<string, string>>) => OutputOf<C>,
  ): Promise<void> {
    const served = await this.#service.transport.serve(contract.subject, 'stand-in', async ({ body, headers }) => {
      try {
        return {
          body: JSON.stringify(answer(contract.input.parse(JSON.parse(body)) as z.output<C['input']>, headers)),
          headers: {},
        };
      } catch (error) {
        const problem = toProblem(error);
        return { body: JSON.stringify(problem), headers: { 's101-problem': problem.code } };
      }
    });
    this.#cleanUp.push(() => served.close());
  }
}

function hit(title: string, score: number) {
  const text = `To reset your password, open the sign-in page and choose "Forgot password". We mail you a link that is valid for an hour.`;
  return { kind: 'article' as const, articleId: newId('art'), title, text, score, sourceUrl: 'https://help.example.com/reset' };
}
