import {
  type AgentId,
  type DataOf,
  DomainError,
  type EventContract,
  type RunId,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import { getAgent, getRun, runHumanRequested } from '@support101/contracts/agent-runtime';
import * as contract from '@support101/contracts/hitl';
import { tenantLimits } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { memberOf, TestedService } from '@support101/service-testing';
import { anExampleOf, VirtualClock } from '@support101/testing';
import { hitlService } from '../src/app.module.js';

/** Somebody of a tenant, known by the id of the key. */
export function callerOf(tenantId: TenantId, id = 'key_ann', roles: string[] = ['reviewer']): TenantCaller {
  return memberOf(tenantId, roles, id);
}

/** What a run asks unless a test says otherwise. */
type Wish = Partial<DataOf<typeof runHumanRequested>>;

const asked = { principaltype: 'agent', principalid: 'agt_of_a_test', correlationid: 'cor_of_a_run' };

/** Hitl booted by itself on a virtual clock, with stand-ins for tenancy and agent-runtime on the same transport. */
export class LoneHitl extends TestedService {
  override readonly clock = new VirtualClock();
  /** How many open requests the stand-in for tenancy allows a tenant; one that is not here is not found. */
  readonly limits = new Map<TenantId, number>();
  /** Agents and runs that the stand-in for agent-runtime knows, whose they are, and the agents of the runs. */
  readonly agents = new Map<AgentId, TenantId>();
  readonly runs = new Map<RunId, { tenantId: TenantId; agentId: AgentId }>();

  static boot(): Promise<LoneHitl> {
    return new LoneHitl(hitlService).start();
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
    await this.publish(runHumanRequested, tenantId, data, asked);
    return data;
  }

  /** The request that a run has asked for. */
  async request(tenantId: TenantId, over: Wish = {}): Promise<contract.HitlRequest> {
    const { requestId } = await this.wish(tenantId, over);
    return this.ask(contract.getRequest, { requestId }, callerOf(tenantId));
  }

  /** The types of the events about a request, without service and version, in order, once the last one has come. */
  async story(requestId: string, last: EventContract): Promise<string[]> {
    await this.told(last, `request:${requestId}`);
    return this.storySoFar(requestId);
  }

  storySoFar(requestId: string): string[] {
    return this.events.filter(({ subject }) => subject === `request:${requestId}`).map(({ type }) => type.split('.')[2] ?? '');
  }

  /** Lets time pass, and what fell due by it be done. */
  async pass(minutes: number): Promise<void> {
    await this.clock.advance(minutes * 60_000);
  }

  protected override async prepare(): Promise<void> {
    await this.standIn(tenantLimits, ({ tenantId }) => {
      const maxHitlQueueSize = this.limits.get(tenantId);
      if (maxHitlQueueSize === undefined) throw new DomainError('tenant_not_found');
      const standing = anExampleOf(tenantLimits.output, { tenantId });
      return { ...standing, limits: { ...standing.limits, maxHitlQueueSize } };
    });
    await this.standIn(getAgent, ({ agentId }, tenantId) => {
      if (this.agents.get(agentId) !== tenantId) throw new DomainError('agent_not_found');
      return anExampleOf(getAgent.output, { agentId, tenantId });
    });
    await this.standIn(getRun, ({ runId }, tenantId) => {
      const run = this.runs.get(runId);
      if (run?.tenantId !== tenantId) throw new DomainError('run_not_found');
      return anExampleOf(getRun.output, { runId, tenantId, agentId: run.agentId });
    });
  }
}
