import { Injectable } from '@nestjs/common';
import type { Blueprint } from '@support101/agent-kit';
import { AgentId, DomainError, type InputOf, type OutputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import { Outbox, type Delivery } from '@support101/messaging';
import { Clock, keyOfCursor, pageOf } from '@support101/service-kit';
import { BlueprintsService } from '../blueprints/blueprints.service.js';
import { RuntimeDatabase, type RuntimeTx } from '../platform/runtime-database.js';
import { AgentsRepository, type AgentRow } from './agents.repository.js';
import { changedFields, mergeConfig, patched } from './agents.rules.js';

/** An agent that may start a run, with its blueprint. */
export interface ReadyAgent {
  readonly agent: AgentRow;
  readonly blueprint: Blueprint;
}

/** An agent to be made: its id, and what throws when the tenant has no place for it. */
export interface AgentToBe {
  readonly id: AgentId;
  usePlace(): void;
}

const rememberedAtMost = 1_000;

/** A tenant's agents: a blueprint in one version, with settings of their own. */
@Injectable()
export class AgentsService {
  readonly #ready = new Map<AgentId, ReadyAgent>();

  constructor(
    private readonly database: RuntimeDatabase,
    private readonly repository: AgentsRepository,
    private readonly blueprints: BlueprintsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async create(
    input: InputOf<typeof contract.createAgent>,
    caller: TenantCaller,
    { id, usePlace }: AgentToBe,
  ): Promise<contract.Agent> {
    const { name: blueprint, version: blueprintVersion, parseConfig } = await this.blueprints.forTenant(input.blueprint, caller);
    const config = parseConfig(input.config ?? {});
    return this.database.once(contract.createAgent, input, caller, async (tx) => {
      usePlace();
      const now = this.clock.now();
      const row: AgentRow = {
        tenantId: caller.tenantId,
        id,
        blueprint,
        blueprintVersion,
        config,
        name: input.name,
        description: input.description ?? null,
        status: 'active',
        version: 1,
        createdAt: now,
        updatedAt: now,
      };
      await this.repository.insert(tx, row);
      const fact = { agentId: row.id, name: row.name, blueprint, blueprintVersion };
      await this.outbox.record(tx, contract.agentCreated, fact, caller);
      return toAgent(row);
    });
  }

  async list(
    input: InputOf<typeof contract.listAgents>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listAgents>> {
    const { limit, cursor, ...filter } = input;
    const before = keyOfCursor(AgentId, cursor);
    const rows = await this.database.forTenant(tenantId, (tx) =>
      this.repository.list(tx, tenantId, { ...filter, before }, limit + 1),
    );
    return pageOf(rows, limit, ({ id }) => id, toAgent);
  }

  async get(agentId: AgentId, { tenantId }: TenantCaller): Promise<contract.Agent> {
    return toAgent(found(await this.repository.find(this.database.alone(tenantId), tenantId, agentId)));
  }

  update(input: InputOf<typeof contract.updateAgent>, caller: TenantCaller): Promise<contract.Agent> {
    return this.database.forTenant(caller.tenantId, async (tx) => {
      const row = found(await this.repository.findForUpdate(tx, caller.tenantId, input.agentId));
      if (input.expectedVersion !== undefined && input.expectedVersion !== row.version) throw new DomainError('version_mismatch');
      const after = patched(row, input, this.#config(row, input.config));
      const changed = changedFields(row, after);
      if (changed.length === 0) return toAgent(row);
      const saved: AgentRow = { ...row, ...after, version: row.version + 1, updatedAt: this.clock.now() };
      await this.repository.update(tx, saved);
      const { id: agentId, name, version } = saved;
      await this.outbox.record(tx, contract.agentUpdated, { agentId, name, changed, version }, caller);
      return toAgent(saved);
    });
  }

  async delete(agentId: AgentId, caller: TenantCaller): Promise<void> {
    const { tenantId } = caller;
    await this.database.forTenant(tenantId, async (tx) => {
      const { name, blueprint } = found(await this.repository.findForUpdate(tx, tenantId, agentId));
      if (await this.repository.hasUnfinishedRun(tx, tenantId, agentId)) throw new DomainError('agent_busy');
      await this.repository.delete(tx, tenantId, agentId);
      await this.outbox.record(tx, contract.agentDeleted, { agentId, name, blueprint }, caller);
    });
  }

  async stats({ tenantId }: TenantCaller): Promise<OutputOf<typeof contract.agentStats>> {
    const totalBlueprints = this.blueprints.count;
    return this.database.forTenant(tenantId, async (tx) => {
      const byStatus = await this.repository.countBy(tx, tenantId, 'status');
      const byBlueprint = await this.repository.countBy(tx, tenantId, 'blueprint');
      const runsByStatus = await this.repository.countRunsByStatus(tx, tenantId);
      const totalAgents = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
      return { totalAgents, totalBlueprints, byStatus, byBlueprint, runsByStatus };
    });
  }

  async count(tenantId: TenantId | undefined): Promise<{ total: number }> {
    const count = (tx: RuntimeTx) => this.repository.count(tx);
    const counted =
      tenantId === undefined ? this.database.asSystem('platform-admin', count) : this.database.forTenant(tenantId, count);
    return { total: await counted };
  }

  /** The agent for a run of it; whoever writes the run makes sure that the agent is still in this version. */
  async forRun(tx: Pick<Tx, 'query'>, tenantId: TenantId, agentId: AgentId): Promise<ReadyAgent> {
    const agent = found(await this.repository.find(tx, tenantId, agentId));
    if (agent.status === 'disabled') throw new DomainError('agent_disabled', `The agent ${agent.name} is disabled.`);
    return { agent, blueprint: this.blueprints.pinned(agent.blueprint, agent.blueprintVersion) };
  }

  /** Like `forRun`, as the agent was when this process last saw it. */
  async remembered(tenantId: TenantId, agentId: AgentId): Promise<ReadyAgent> {
    const known = this.#ready.get(agentId);
    if (known?.agent.tenantId === tenantId) return known;
    const ready = await this.forRun(this.database.alone(tenantId), tenantId, agentId);
    if (this.#ready.size >= rememberedAtMost) this.#ready.clear();
    this.#ready.set(agentId, ready);
    return ready;
  }

  /** What is remembered of the agent is out of date. */
  forget(agentId: AgentId): void {
    this.#ready.delete(agentId);
  }

  /** The tenant is gone: so are its agents. */
  removeAll(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    const { caller } = delivery;
    return this.database.onceDelivered(delivery, async (tx) => {
      for (const { id, name, blueprint } of await this.repository.deleteAll(tx, caller.tenantId)) {
        await this.outbox.record(tx, contract.agentDeleted, { agentId: id, name, blueprint }, caller);
      }
    });
  }

  #config(row: AgentRow, given: AgentRow['config'] | undefined): AgentRow['config'] {
    if (given === undefined) return row.config;
    return this.blueprints.pinned(row.blueprint, row.blueprintVersion).parseConfig(mergeConfig(row.config, given));
  }
}

function found(row: AgentRow | undefined): AgentRow {
  if (row === undefined) throw new DomainError('agent_not_found');
  return row;
}

function toAgent({ id, createdAt, updatedAt, ...row }: AgentRow): contract.Agent {
  return { ...row, agentId: id, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
