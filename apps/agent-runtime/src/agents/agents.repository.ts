import { Injectable } from '@nestjs/common';
import type { AgentId, TenantId } from '@support101/contracts';
import type { AgentStatus } from '@support101/contracts/agent-runtime';
import type { Tx } from '@support101/database';
import type { Prisma } from '../generated/prisma/client.js';
import type { RuntimeTx } from '../platform/runtime-database.js';

/** An agent's row. */
export interface AgentRow {
  readonly tenantId: TenantId;
  readonly id: AgentId;
  readonly name: string;
  readonly description: string | null;
  readonly blueprint: string;
  readonly blueprintVersion: string;
  readonly status: AgentStatus;
  readonly config: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Which agents a list is about, and after which it goes on. */
export interface AgentFilter {
  readonly blueprint?: string | undefined;
  readonly status?: AgentStatus | undefined;
  readonly before?: AgentId | undefined;
}

const byId = `select tenant_id as "tenantId", id, name, description, blueprint, blueprint_version as "blueprintVersion", status,
    config, version, created_at as "createdAt", updated_at as "updatedAt"
  from agents where tenant_id = $1 and id = $2`;

/** Agents in the database: through Prisma, but for the hot read by id and for what belongs to a run's own transaction. */
@Injectable()
export class AgentsRepository {
  async insert(tx: RuntimeTx, row: AgentRow): Promise<void> {
    await tx.prisma.agent.create({ data: { ...row, config: toJson(row.config) } });
  }

  /** Through pg: this is the most asked question, and Prisma would cost four times as much. */
  async find(tx: Pick<Tx, 'query'>, tenantId: TenantId, id: AgentId): Promise<AgentRow | undefined> {
    const rows = await tx.query<AgentRow>(byId, [tenantId, id], 'agents-find');
    return rows[0];
  }

  /** Like `find`; until the transaction ends nobody else changes the agent, deletes it, or starts a run of it. */
  async findForUpdate(tx: RuntimeTx, tenantId: TenantId, id: AgentId): Promise<AgentRow | undefined> {
    await tx.query('select 1 from agents where tenant_id = $1 and id = $2 for update', [tenantId, id]);
    return this.find(tx, tenantId, id);
  }

  /** Newest first: ids sort by creation time. */
  async list(tx: RuntimeTx, tenantId: TenantId, filter: AgentFilter, limit: number): Promise<AgentRow[]> {
    const { blueprint, status, before } = filter;
    const rows = await tx.prisma.agent.findMany({
      where: {
        tenantId,
        ...(blueprint === undefined ? {} : { blueprint }),
        ...(status === undefined ? {} : { status }),
        ...(before === undefined ? {} : { id: { lt: before } }),
      },
      orderBy: { id: 'desc' },
      take: limit,
    });
    return rows as AgentRow[];
  }

  async update(tx: RuntimeTx, row: AgentRow): Promise<void> {
    const { tenantId, id, ...columns } = row;
    await tx.prisma.agent.update({ where: { tenantId_id: { tenantId, id } }, data: { ...columns, config: toJson(row.config) } });
  }

  async delete(tx: RuntimeTx, tenantId: TenantId, id: AgentId): Promise<void> {
    await tx.prisma.agent.delete({ where: { tenantId_id: { tenantId, id } } });
  }

  /** A lease row stands for each run that has not ended. */
  async hasUnfinishedRun(tx: RuntimeTx, tenantId: TenantId, agentId: AgentId): Promise<boolean> {
    return (await tx.prisma.runLease.findFirst({ where: { tenantId, agentId }, select: { runId: true } })) !== null;
  }

  /** Removes all agents of the tenant and says which they were. */
  async deleteAll(tx: Tx, tenantId: TenantId): Promise<Pick<AgentRow, 'id' | 'name' | 'blueprint'>[]> {
    return tx.query(`delete from agents where tenant_id = $1 returning id, name, blueprint`, [tenantId]);
  }

  /** The agents the transaction sees: one tenant's, or all of them. */
  async count(tx: RuntimeTx): Promise<number> {
    return tx.prisma.agent.count();
  }

  async countBy(tx: RuntimeTx, tenantId: TenantId, column: 'status' | 'blueprint'): Promise<Record<string, number>> {
    const groups = await tx.prisma.agent.groupBy({ by: [column], where: { tenantId }, _count: true });
    return Object.fromEntries(groups.map((group) => [group[column], group._count]));
  }

  async countRunsByStatus(tx: RuntimeTx, tenantId: TenantId): Promise<Record<string, number>> {
    const groups = await tx.prisma.run.groupBy({ by: ['status'], where: { tenantId }, _count: true });
    return Object.fromEntries(groups.map((group) => [group.status, group._count]));
  }
}

function toJson(config: AgentRow['config']): Prisma.InputJsonObject {
  return config as Prisma.InputJsonObject;
}
