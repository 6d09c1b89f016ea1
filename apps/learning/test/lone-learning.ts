import {
  type Caller,
  type DataOf,
  DomainError,
  type EventContract,
  type EventEnvelope,
  isDomainError,
  ofService,
  type OutputOf,
  type Rpc,
  type RunId,
  type TenantCaller,
  type TenantId,
  toProblem,
} from '@support101/contracts';
import { traceRun } from '@support101/contracts/agent-runtime';
import { registry } from '@support101/contracts/all';
import { type ArticleSummary, createArticle, getArticle } from '@support101/contracts/learning';
import type { Transport } from '@support101/messaging';
import type { Embedder } from '@support101/models';
import { bootAlone, type LoneService, newId, type RunningService } from '@support101/service-kit';
import { eventually } from '@support101/testing';
import type { z } from 'zod';
import { learningService } from '../src/app.module.js';
import { type engines, startEngine } from './engines.js';

/** Somebody of a tenant who may change its knowledge. */
export function operatorOf(tenantId: TenantId, over: Omit<Partial<Caller>, 'tenantId'> = {}): TenantCaller {
  return { tenantId, principal: { type: 'key', id: 'key_of_a_test', roles: ['operator'] }, correlationId: 'test', ...over };
}

/** Learning booted by itself with the given embedder, on a native Postgres unless told, with a stand-in for agent-runtime’s traces. */
export class LoneLearning {
  readonly events: EventEnvelope[] = [];
  /** The runs that the stand-in can tell about; one that is not here is not found. */
  readonly traces = new Map<RunId, OutputOf<typeof traceRun>>();
  readonly #seen = new Set<string>();
  readonly #cleanUp: (() => Promise<void>)[] = [];
  #service!: LoneService;

  static async boot(embedder: Embedder, engine: (typeof engines)[number] = 'native', redisUrl?: string): Promise<LoneLearning> {
    const learning = new LoneLearning();
    const { url, close } = await startEngine(engine);
    learning.#cleanUp.push(close);
    learning.#service = await bootAlone(learningService({ embedder, redisUrl }), {
      database: { url, embedded: engine === 'embedded' },
      prepare: (transport) => learning.#serveTraces(transport),
    });
    learning.#cleanUp.push(() => learning.#service.close());
    await learning.#service.transport.observe({}, (event) => learning.events.push(event));
    return learning;
  }

  /** The service itself, for what no contract tells. */
  get running(): RunningService {
    return this.#service.service;
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

  /** Contracts never answered and errors they declare that never came, of the subjects that begin so. */
  unseen(prefix: string): string[] {
    return ofService(registry, 'learning')
      .rpcs.filter(({ subject }) => subject.startsWith(prefix))
      .flatMap(({ subject, errors }) => ['answered', ...errors].map((what) => `${subject} ${what}`))
      .filter((what) => !this.#seen.has(what));
  }

  /** Adds an article and waits until it can be found by meaning too. */
  async addIndexed(tenantId: TenantId, given: Partial<z.input<typeof createArticle.input>>): Promise<ArticleSummary> {
    const caller = operatorOf(tenantId);
    const { articleId } = await this.ask(createArticle, { title: 'Title', content: 'Content', ...given }, caller);
    return eventually(async () => {
      const article = await this.ask(getArticle, { articleId }, caller);
      if (!article.indexed) throw new Error(`${articleId} is not indexed yet`);
      return article;
    });
  }

  /** The event of this kind about this tenant, once it has come. */
  async event<E extends EventContract>(contract: E, tenantId: TenantId): Promise<EventEnvelope & { data: DataOf<E> }> {
    return eventually(() => {
      const found = this.events.findLast((event) => event.type === contract.type && event.tenantid === tenantId);
      if (found === undefined) throw new Error(`no ${contract.type} of ${tenantId}`);
      return found as EventEnvelope & { data: DataOf<E> };
    });
  }

  /** Lets another service's fact come in, as the platform caused it. */
  async publish<E extends EventContract>(contract: E, tenantId: TenantId, data: DataOf<E>, id = newId('evt')): Promise<void> {
    const [result] = await this.#service.transport.publish([
      {
        specversion: '1.0',
        id,
        source: 'support101/test',
        type: contract.type,
        subject: contract.resource(data),
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
        tenantid: tenantId,
        principaltype: 'platform',
        principalid: 'platform',
        outcome: 'success',
        correlationid: 'test',
        data,
      },
    ]);
    if (result?.ok !== true) throw new Error(`${contract.type} was not taken`);
  }

  async close(): Promise<void> {
    for (const close of this.#cleanUp.reverse()) await close();
  }

  async #serveTraces(transport: Transport): Promise<void> {
    await transport.serve(traceRun.subject, 'stand-in', ({ body }) => {
      const trace = this.traces.get(traceRun.input.parse(JSON.parse(body)).runId);
      if (trace !== undefined) return Promise.resolve({ body: JSON.stringify(trace), headers: {} });
      const problem = toProblem(new DomainError('run_not_found'));
      return Promise.resolve({ body: JSON.stringify(problem), headers: { 's101-problem': problem.code } });
    });
  }
}

/** A tenant that nobody else has. */
export function aTenant(): TenantId {
  return newId('ten');
}
