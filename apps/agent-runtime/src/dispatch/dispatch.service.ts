import { setImmediate as immediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type RunId, type TenantCaller } from '@support101/contracts';
import { executeAgent, maxWaitSeconds, type getAgentState, type Run } from '@support101/contracts/agent-runtime';
import type { Tx } from '@support101/database';
import { jsonBytes, newId, ServiceDatabase } from '@support101/service-kit';
import { AgentsService, type ReadyAgent } from '../agents/agents.service.js';
import { RunQueue, type RunHand } from '../platform/run-queue.js';
import { mostBytes } from '../platform/run-size.js';
import { isStoppedBy } from '../platform/stops.js';
import { RunsService, type PreparedRun } from '../runs/runs.service.js';
import { TenantsService } from '../tenants/tenants.service.js';

/** An agent may be changed while a run of it is being accepted; hardly twice. */
const tries = 3;

/** A run that is asked for. */
interface Request {
  readonly input: InputOf<typeof executeAgent>;
  readonly caller: TenantCaller;
  /** How many of the tenant's runs may be at work, this one included. */
  readonly atMost: number;
  readonly runId: RunId;
  /** Of this process, to work on it; without one the queue has it. */
  readonly hand: RunHand | undefined;
}

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
    for (let left = tries; ; left -= 1) {
      const hand = this.queue.hand();
      const request = { input, caller, atMost, runId: newId('run'), hand };
      try {
        // A key may stand for an answer of before, also when the agent is gone: it comes before everything else.
        if (caller.idempotencyKey !== undefined) return await this.#once(request);
        const ready = await this.agents.remembered(caller.tenantId, input.agentId);
        return await this.#begin(this.#prepare(request, ready), request);
      } catch (error) {
        hand?.free();
        if (!isStoppedBy(error, 'agent_changed') || left === 1) throw error;
        this.agents.forget(input.agentId);
      }
    }
  }

  async #begin(prepared: PreparedRun, { input, caller, hand }: Request): Promise<Run> {
    const { ref } = prepared.row;
    const waitMs = waitOf(input);
    const accepting = this.database.burstForTenant(ref.tenantId, (tx) => this.runs.accept(tx, prepared));
    if (hand === undefined) return this.#offer(await accepting, waitMs, caller);
    const accepted = accepting.then(
      () => true,
      () => false,
    );
    // The run begins when its acceptance is on its way. Nothing of it leaves the process before that has arrived.
    await immediate();
    const news = this.runs.begin(prepared, waitMs, caller, accepted);
    hand.work(ref, { id: ref.runId });
    return this.runs.settled(await accepting, waitMs, caller, news);
  }

  async #once(request: Request): Promise<Run> {
    const { input, caller, runId, hand } = request;
    const { tenantId } = caller;
    const waitMs = waitOf(input);
    let prepared: PreparedRun | undefined;
    const accept = async (tx: Tx): Promise<Run> => {
      prepared = this.#prepare(request, await this.agents.forRun(tx, tenantId, input.agentId));
      return this.runs.accept(tx, prepared);
    };
    const run = await this.database.once(executeAgent, { ...input, waitSeconds: 0 }, caller, accept);
    // Another run is the answer of before.
    if (hand === undefined || prepared === undefined || run.runId !== runId) {
      hand?.free();
      return this.#offer(run, waitMs, caller);
    }
    const news = this.runs.begin(prepared, waitMs, caller);
    hand.work({ tenantId, runId }, { id: runId });
    return this.runs.settled(run, waitMs, caller, news);
  }

  /** Leaves the run to the queue. */
  async #offer(run: Run, waitMs: number, caller: TenantCaller): Promise<Run> {
    await this.queue.offer({ tenantId: caller.tenantId, runId: run.runId });
    return this.runs.settled(run, waitMs, caller, undefined);
  }

  #prepare({ input, caller, runId, atMost, hand }: Request, ready: ReadyAgent): PreparedRun {
    const terms = { agentVersion: ready.agent.version, atMost, here: hand !== undefined };
    return this.runs.prepare(accepted(input, ready, runId), terms, caller);
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

function waitOf({ waitSeconds }: InputOf<typeof executeAgent>): number {
  return Math.min(waitSeconds, maxWaitSeconds) * 1_000;
}

function accepted(input: InputOf<typeof executeAgent>, { agent, blueprint }: ReadyAgent, runId: RunId) {
  const timeoutSeconds = input.timeoutSeconds ?? Number(agent.config['timeoutSeconds']);
  return {
    runId,
    agentId: agent.id,
    blueprint: agent.blueprint,
    blueprintVersion: agent.blueprintVersion,
    config: agent.config,
    input: showable(blueprint.parseInput(input.input)),
    timeoutMs: timeoutSeconds * 1e3,
  };
}

function showable<Input extends object>(input: Input): Input {
  if (jsonBytes(input) <= mostBytes.input) return input;
  throw new DomainError('payload_too_large', `The input of a run may have ${mostBytes.input} bytes of JSON at most.`);
}
