import { Injectable } from '@nestjs/common';
import type { AgentId, TenantId } from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { AgentLoad, AgentMove, RunMove } from './dashboard.rules.js';

/** An agent's row. */
export interface AgentRow {
  readonly agentId: AgentId;
  readonly name: string | null;
  readonly blueprint: string;
  readonly unfinished: number;
  readonly awaiting: number;
  readonly lastActivityAt: Date;
}

interface LoadRow {
  readonly unfinished: number;
  readonly awaiting: number;
  readonly by_unfinished: number;
  readonly by_awaiting: number;
}

const addCounters = `insert into counters (tenant_id, name, value)
  select * from unnest($1::text[], $2::text[], $3::bigint[]) as t (tenant_id, name, value) order by tenant_id, name
  on conflict (tenant_id, name) do update set value = counters.value + excluded.value`;
// The count of a tenant's deletion is written with it and is what stays of its numbers.
const gone = `select tenant_id from counters where tenant_id = any($1::text[]) and name = 'audit.tenant_deleted'`;
const readCounters = `select name, value from counters where tenant_id = $1`;

// A run's row is what makes its moves count once and in any order: what does not change it changes nothing.
const load = 'returning unfinished_runs as unfinished, awaiting_human as awaiting';
const moves = {
  started: `with run as (
      insert into unfinished_runs (tenant_id, run_id, agent_id) values ($1, $2, $3) on conflict do nothing returning 1)
    insert into agent_activity (tenant_id, agent_id, blueprint, unfinished_runs, last_activity_at)
    select $1, $3, $5::text, 1, $4::timestamptz from run
    on conflict (tenant_id, agent_id) do update
    set unfinished_runs = agent_activity.unfinished_runs + 1, last_activity_at = excluded.last_activity_at
    ${load}, 1 as by_unfinished, 0 as by_awaiting`,
  awaiting: `with run as (
      update unfinished_runs set awaiting = true where tenant_id = $1 and run_id = $2 and not awaiting returning agent_id)
    update agent_activity a set awaiting_human = a.awaiting_human + 1, last_activity_at = $3
    from run where a.tenant_id = $1 and a.agent_id = run.agent_id ${load}, 0 as by_unfinished, 1 as by_awaiting`,
  resumed: `with run as (
      update unfinished_runs set awaiting = false where tenant_id = $1 and run_id = $2 and awaiting returning agent_id)
    update agent_activity a set awaiting_human = a.awaiting_human - 1, last_activity_at = $3
    from run where a.tenant_id = $1 and a.agent_id = run.agent_id ${load}, 0 as by_unfinished, -1 as by_awaiting`,
  ended: `with run as (
      delete from unfinished_runs where tenant_id = $1 and run_id = $2 returning agent_id, awaiting)
    update agent_activity a set unfinished_runs = a.unfinished_runs - 1,
      awaiting_human = a.awaiting_human - run.awaiting::int, last_activity_at = $3
    from run where a.tenant_id = $1 and a.agent_id = run.agent_id ${load}, -1 as by_unfinished, -run.awaiting::int as by_awaiting`,
} as const;

const agentCreated = `insert into agent_activity (tenant_id, agent_id, name, blueprint, last_activity_at) values ($1, $2, $3, $4, $5)
  on conflict (tenant_id, agent_id) do update set name = excluded.name, blueprint = excluded.blueprint`;
const agentRenamed = `update agent_activity set name = $3 where tenant_id = $1 and agent_id = $2`;
const agentDeleted = `with runs as (delete from unfinished_runs where tenant_id = $1 and agent_id = $2)
  delete from agent_activity where tenant_id = $1 and agent_id = $2 ${load}, 0 as by_unfinished, 0 as by_awaiting`;
const activeAgents = `select agent_id as "agentId", name, blueprint, unfinished_runs as unfinished, awaiting_human as awaiting,
    last_activity_at as "lastActivityAt"
  from agent_activity where tenant_id = $1 and unfinished_runs > 0 and ($2::text is null or agent_id < $2)
  order by agent_id desc limit $3`;

const removals = ['counters', 'agent_activity', 'unfinished_runs'].map((table) => `delete from ${table} where tenant_id = $1`);

/** The numbers in the database. */
@Injectable()
export class DashboardRepository {
  /** Adds to counters; `deltas` are by tenant and name. */
  async add(tx: Tx, deltas: readonly { tenantId: TenantId; name: string; delta: number }[]): Promise<void> {
    if (deltas.length === 0) return;
    const values = [deltas.map(({ tenantId }) => tenantId), deltas.map(({ name }) => name), deltas.map(({ delta }) => delta)];
    await tx.query(addCounters, values, 'dashboard-add');
  }

  /** Which of the tenants are deleted. */
  async gone(tx: Tx, tenantIds: readonly TenantId[]): Promise<Set<TenantId>> {
    const rows = await tx.query<{ tenant_id: TenantId }>(gone, [tenantIds], 'dashboard-gone');
    return new Set(rows.map(({ tenant_id: tenantId }) => tenantId));
  }

  async counters(tx: Tx, tenantId: TenantId): Promise<Map<string, number>> {
    const rows = await tx.query<{ name: string; value: string }>(readCounters, [tenantId], 'dashboard-counters');
    return new Map(rows.map(({ name, value }) => [name, Number(value)]));
  }

  /** Moves a run; gives its agent's load before and after, or undefined when the run was there already, or gone. */
  async moveRun(
    tx: Tx,
    tenantId: TenantId,
    { to, runId, agentId, blueprint }: RunMove,
    at: Date,
  ): Promise<{ before: AgentLoad; after: AgentLoad } | undefined> {
    const values = to === 'started' ? [tenantId, runId, agentId, at, blueprint] : [tenantId, runId, at];
    const [row] = await tx.query<LoadRow>(moves[to], values, `dashboard-run-${to}`);
    if (row === undefined) return undefined;
    const { unfinished, awaiting } = row;
    return {
      before: { unfinished: unfinished - row.by_unfinished, awaiting: awaiting - row.by_awaiting },
      after: { unfinished, awaiting },
    };
  }

  /** Notes what became of an agent; of a deleted one it gives the load it had. */
  async moveAgent(
    tx: Tx,
    tenantId: TenantId,
    { to, agentId, name, blueprint }: AgentMove,
    at: Date,
  ): Promise<AgentLoad | undefined> {
    if (to === 'created') await tx.query(agentCreated, [tenantId, agentId, name, blueprint, at], 'dashboard-agent-created');
    if (to === 'renamed') await tx.query(agentRenamed, [tenantId, agentId, name], 'dashboard-agent-renamed');
    if (to !== 'deleted') return undefined;
    const [row] = await tx.query<LoadRow>(agentDeleted, [tenantId, agentId], 'dashboard-agent-deleted');
    return row;
  }

  /** Agents with unfinished runs, newest first. */
  activeAgents(tx: Tx, tenantId: TenantId, before: AgentId | undefined, limit: number): Promise<AgentRow[]> {
    return tx.query<AgentRow>(activeAgents, [tenantId, before ?? null, limit], 'dashboard-active-agents');
  }

  async removeAll(tx: Tx, tenantId: TenantId): Promise<void> {
    await Promise.all(removals.map((statement) => tx.query(statement, [tenantId])));
  }
}
