import {
  type DataOf,
  DomainError,
  type EventContract,
  type EventId,
  isDomainError,
  type OutputOf,
  type TenantId,
} from '@support101/contracts';
import { createAgent, executeAgent, runHumanRequested, type Agent, type Run } from '@support101/contracts/agent-runtime';
import { requestDecided, requestOpened } from '@support101/contracts/hitl';
import { searchKnowledge } from '@support101/contracts/learning';
import { releaseUsage, reserveUsage, tenantLimits } from '@support101/contracts/tenancy';
import { builtInBlueprints } from '@support101/blueprints';
import { openModels } from '@support101/models';
import { newId } from '@support101/service-kit';
import { operatorOf, TestedService } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { agentRuntimeService } from '../src/app.module.js';
import { decided } from './decided.js';
import { scripted } from './scripted.js';

type Standing = OutputOf<typeof tenantLimits>;

/** What a tenant of these tests may have. */
export const limits = {
  maxAgents: 20,
  maxConcurrentExecutions: 20,
  maxRequestsPerMinute: 100,
  maxStorageMb: 1e3,
  maxVectorDocuments: 1e3,
  maxHitlQueueSize: 100,
};

/** Agent-runtime booted by itself, with stand-ins for tenancy and learning on the same transport. */
export class LoneRuntime extends TestedService {
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

  /** On a database of its own, or on the given one, which stays. */
  static async boot(given?: { readonly url: string }): Promise<LoneRuntime> {
    const { tasks, close } = await openModels();
    const blueprints = [...builtInBlueprints, scripted('1.0.0'), scripted('1.1.0')];
    const runtime = new LoneRuntime(agentRuntimeService({ tasks, blueprints }));
    runtime.atEnd(close);
    return runtime.start({ url: given?.url });
  }

  /** A tenant that tenancy knows. */
  tenant(over: Partial<Standing> = {}): TenantId {
    const tenantId = newId('ten');
    this.tenants.set(tenantId, { tenantId, status: 'active', tier: 'professional', limits, allowedBlueprints: [], ...over });
    return tenantId;
  }

  /** Other limits apply to the tenant from now on. */
  limit(tenantId: TenantId, to: Standing['limits']): void {
    this.tenants.set(tenantId, { ...(this.tenants.get(tenantId) as Standing), limits: to });
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

  /** The types of the events about this resource, in order, once one of the given type has come. */
  async factsUntil(resource: string, last: EventContract): Promise<string[]> {
    return eventually(() => {
      const facts = this.events.filter((event) => event.subject === resource).map((event) => event.type);
      if (!facts.includes(last.type)) throw new Error(`no ${last.type} of ${resource}`);
      return facts;
    });
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
    id?: EventId,
  ): Promise<unknown> {
    return this.publish(requestDecided, run.tenantId, decided(run, request, decision), id === undefined ? {} : { id });
  }

  /** What a process that is told to stop does first. */
  stopWork(): Promise<void> {
    return this.running.stopWork();
  }

  protected override async prepare(): Promise<void> {
    await this.standIn(tenantLimits, ({ tenantId }) => {
      const tenant = this.tenants.get(tenantId);
      if (tenant === undefined) throw new DomainError('tenant_not_found');
      return tenant;
    });
    const holders = (tenantId: TenantId, limit: string): Set<string> => {
      const key = `${tenantId} ${limit}`;
      return this.places.get(key) ?? this.places.set(key, new Set()).get(key) ?? new Set();
    };
    await this.standIn(reserveUsage, ({ limit, holder }, tenantId) => {
      const held = holders(tenantId, limit);
      if (held.size >= this.roomFor) throw new DomainError('limit_exceeded', `no room for ${limit}`, { retryAfterSeconds: 3 });
      return { current: held.add(holder).size, limit: 1e6 };
    });
    await this.standIn(releaseUsage, ({ limit, holder }, tenantId) => {
      holders(tenantId, limit).delete(holder);
      return {};
    });
    await this.standIn(searchKnowledge, ({ topK }, tenantId, headers) => {
      this.askedBy.push(`${tenantId} ${headers['s101-principal']}`);
      if (isDomainError(this.knowledge)) throw this.knowledge;
      return { data: this.knowledge.slice(0, topK).map((title) => hit(title, this.score)) };
    });
  }
}

function hit(title: string, score: number) {
  const text = `To reset your password, open the sign-in page and choose "Forgot password". We mail you a link that is valid for an hour.`;
  return { kind: 'article' as const, articleId: newId('art'), title, text, score, sourceUrl: 'https://help.example.com/reset' };
}
