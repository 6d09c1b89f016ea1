import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, RunId, TenantCaller } from '@support101/contracts';
import { executeAgent, maxWaitSeconds, type getAgentState, type Run } from '@support101/contracts/agent-runtime';
import { newId, ServiceDatabase } from '@support101/service-kit';
import { AgentsService } from '../agents/agents.service.js';
import { RunQueue } from '../platform/run-queue.js';
import { RunsService } from '../runs/runs.service.js';
import { TenantsService } from '../tenants/tenants.service.js';

/** Where agents and runs meet: starting a run of an agent, and what an agent is doing. */
@Injectable()
export class DispatchService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly tenants: TenantsService,
    private readonly agents: AgentsService,
    private readonly runs: RunsService,
    private readonly queue: RunQueue,
  ) {}

  /**
   * Accepts a run durably, offers it to the workers and waits for its end as long as the caller prefers. The same
   * idempotency key gives the same run as it is by then; how long to wait is not part of what must be the same.
   */
  async start(input: InputOf<typeof executeAgent>, caller: TenantCaller): Promise<Run> {
    await this.tenants.requireActive(caller);
    const runId = newId('run');
    const place = { limit: 'concurrentExecutions', holder: runId } as const;
    const run = await this.tenants.withPlace(place, caller, (usePlace) => this.#accept(input, caller, runId, usePlace));
    await this.queue.offer(run);
    return this.runs.settled(run, Math.min(input.waitSeconds, maxWaitSeconds) * 1_000, caller);
  }

  #accept(input: InputOf<typeof executeAgent>, caller: TenantCaller, runId: RunId, usePlace: () => void): Promise<Run> {
    return this.database.once(executeAgent, { ...input, waitSeconds: 0 }, caller, async (tx) => {
      usePlace();
      const { agent, blueprint } = await this.agents.forRun(tx, caller.tenantId, input.agentId);
      const timeoutSeconds = input.timeoutSeconds ?? Number(agent.config['timeoutSeconds']);
      const accepted = {
        runId,
        agentId: agent.id,
        blueprint: agent.blueprint,
        blueprintVersion: agent.blueprintVersion,
        config: agent.config,
        input: blueprint.parseInput(input.input),
        timeoutMs: timeoutSeconds * 1e3,
      };
      return this.runs.accept(tx, accepted, caller);
    });
  }

  async state({ agentId }: InputOf<typeof getAgentState>, caller: TenantCaller): Promise<OutputOf<typeof getAgentState>> {
    await this.agents.get(agentId, caller);
    const latest = await this.runs.latest(agentId, caller.tenantId);
    if (latest === undefined) return { agentId, runId: null, status: 'idle', state: null, stepsCount: 0, updatedAt: null };
    const { run, state } = latest;
    const updatedAt = run.completedAt ?? run.startedAt ?? run.createdAt;
    return { agentId, runId: run.runId, status: run.status, state, stepsCount: run.stepsCount, updatedAt };
  }
}
