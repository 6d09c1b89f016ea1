import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, RunId, TenantCaller } from '@support101/contracts';
import { executeAgent, maxWaitSeconds, type getAgentState, type Run } from '@support101/contracts/agent-runtime';
import type { Tx } from '@support101/database';
import { newId, ServiceDatabase } from '@support101/service-kit';
import { AgentsService, type ReadyAgent } from '../agents/agents.service.js';
import { RunQueue } from '../platform/run-queue.js';
import { isStoppedBy } from '../platform/stops.js';
import { RunsService, type AcceptTerms } from '../runs/runs.service.js';
import { TenantsService } from '../tenants/tenants.service.js';

/** An agent may be changed while a run of it is being accepted; hardly twice. */
const tries = 3;

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
   * Accepts a run durably and waits for its end as long as the caller prefers. A process with a hand free works on what it
   * accepts itself, and else the queue brings the run to a worker. The same idempotency key gives the same run as it is
   * by then; how long to wait is not part of what must be the same.
   */
  async start(input: InputOf<typeof executeAgent>, caller: TenantCaller): Promise<Run> {
    const atMost = await this.tenants.concurrentExecutions(caller);
    const runId = newId('run');
    const hand = this.queue.hand();
    const run = await this.#accept(input, caller, runId, { atMost, here: hand !== undefined }).catch((error: unknown) => {
      hand?.free();
      throw error;
    });
    const here = hand !== undefined && run.runId === runId;
    const { tenantId } = caller;
    if (!here) {
      hand?.free();
      await this.queue.offer({ tenantId, runId: run.runId });
    }
    // Listens before the run begins.
    const settled = this.runs.settled(run, Math.min(input.waitSeconds, maxWaitSeconds) * 1_000, caller, { here });
    if (here) hand.work({ tenantId, runId }, { id: runId });
    return settled;
  }

  async #accept(
    input: InputOf<typeof executeAgent>,
    caller: TenantCaller,
    runId: RunId,
    terms: Omit<AcceptTerms, 'agentVersion'>,
  ): Promise<Run> {
    const { tenantId } = caller;
    const write = (tx: Tx, ready: ReadyAgent) =>
      this.runs.accept(tx, accepted(input, ready, runId), { ...terms, agentVersion: ready.agent.version }, caller);
    for (let left = tries; ; left -= 1) {
      try {
        // A key may stand for an answer of before, also when the agent is gone: it comes before everything else.
        if (caller.idempotencyKey !== undefined) {
          return await this.database.once(executeAgent, { ...input, waitSeconds: 0 }, caller, async (tx) =>
            write(tx, await this.agents.forRun(tx, tenantId, input.agentId)),
          );
        }
        const ready = await this.agents.remembered(tenantId, input.agentId);
        return await this.database.burstForTenant(tenantId, (tx) => write(tx, ready));
      } catch (error) {
        if (!isStoppedBy(error, 'agent_changed') || left === 1) throw error;
        this.agents.forget(input.agentId);
      }
    }
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

function accepted(input: InputOf<typeof executeAgent>, { agent, blueprint }: ReadyAgent, runId: RunId) {
  const timeoutSeconds = input.timeoutSeconds ?? Number(agent.config['timeoutSeconds']);
  return {
    runId,
    agentId: agent.id,
    blueprint: agent.blueprint,
    blueprintVersion: agent.blueprintVersion,
    config: agent.config,
    input: blueprint.parseInput(input.input),
    timeoutMs: timeoutSeconds * 1e3,
  };
}
