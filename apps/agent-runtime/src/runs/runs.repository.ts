import { Injectable } from '@nestjs/common';
import type { AgentId, RunId, TenantId } from '@support101/contracts';
import type { RunStatus } from '@support101/contracts/agent-runtime';
import type { Tx } from '@support101/database';
import type { RunRow } from './runs.rules.js';

/** A run as it is accepted. */
export interface NewRun {
  readonly tenantId: TenantId;
  readonly runId: RunId;
  readonly agentId: AgentId;
  readonly blueprint: string;
  readonly blueprintVersion: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly input: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly correlationId: string;
  readonly traceparent: string | null;
  readonly createdAt: Date;
}

/** On which terms a run is accepted. */
export interface Terms {
  /** The version of the agent that the run was made from: another one has other settings, or is disabled. */
  readonly agentVersion: number;
  /** How many of the tenant's runs may be queued or at work, this one included. */
  readonly atMost: number;
  /** Who holds the run's lease from the start, and for how many milliseconds; undefined: any worker can take it. */
  readonly lease: { readonly owner: string; readonly leaseMs: number } | undefined;
}

/** Which runs a list is about, and after which it goes on. */
export interface RunFilter {
  readonly status?: RunStatus | undefined;
  readonly agentId?: AgentId | undefined;
  readonly before?: RunId | undefined;
}

// How far an unfinished run is stands in its lease, which every step touches; the row itself is written three times.
const columns = `r.tenant_id as "tenantId", r.id as "runId", r.agent_id as "agentId", r.blueprint,
  r.blueprint_version as "blueprintVersion", r.status, r.input, r.output, r.outcome, r.error_code as "errorCode",
  r.error_detail as "errorDetail", coalesce(l.steps_count, r.steps_count) as "stepsCount",
  jsonb_build_object('inputTokens', coalesce(l.input_tokens, r.input_tokens),
    'outputTokens', coalesce(l.output_tokens, r.output_tokens),
    'costMicroUsd', coalesce(l.cost_micro_usd, r.cost_micro_usd), 'model', coalesce(l.model, r.model)) as usage,
  l.request_id as "requestId", (
    select q.visible from run_requests q where q.tenant_id = l.tenant_id and q.id = l.request_id) as visible,
  r.created_at as "createdAt", r.started_at as "startedAt", r.completed_at as "completedAt"`;
const tables = `runs r left join run_leases l on l.tenant_id = r.tenant_id and l.run_id = r.id`;

// Runs of one tenant are accepted one at a time, each counting with a snapshot taken since: a limit is never passed. The
// order makes it an index scan, which skips the entries of ended runs that one before it has seen.
const lockSql = `select pg_advisory_xact_lock(hashtextextended('runs of ' || $1, 0))`;

// The agent stays as it is until the transaction ends. A lease that nobody holds is free to take: a queued run is found by
// whoever looks for work.
const insertSql = `
  with agent as materialized (
    select from agents where tenant_id = $1 and id = $3 and version = $12 and status = 'active' for key share),
  active as materialized (
    (select id from runs where tenant_id = $1 and status = 'queued' order by id limit $13::integer) union all
    (select id from runs where tenant_id = $1 and status = 'running' order by id limit $13)),
  lease as (
    insert into run_leases (tenant_id, run_id, agent_id, timeout_ms, owner, fence, expires_at, deadline_at)
    select $1, $2, $3, $8::integer, $14, held, now() + held * $15::integer * interval '1 millisecond',
           case held when 1 then now() + $8 * interval '1 millisecond' end
      from (select case when $14::text is null then 0 else 1 end as held) as l),
  run as (
    insert into runs (tenant_id, id, agent_id, blueprint, blueprint_version, config, input, status, correlation_id, traceparent,
                      created_at, started_at)
    values ($1, $2, $3, $4, $5, $6, $7, case when $14::text is null then 'queued' else 'running' end, $9, $10, $11::timestamptz,
            case when $14::text is not null then $11::timestamptz end))
  select stop_unless(exists (select from agent), 'agent_changed'),
         stop_unless((select count(*) from active) < $13, 'no_place')`;

const deleteSql = `
  with gone as materialized (select id from runs where tenant_id = $1 order by id limit $2),
  of_run_steps as (delete from run_steps x using gone where x.tenant_id = $1 and x.run_id = gone.id),
  of_run_requests as (delete from run_requests x using gone where x.tenant_id = $1 and x.run_id = gone.id),
  of_effects as (delete from effects x using gone where x.tenant_id = $1 and x.run_id = gone.id),
  of_tickets as (delete from tickets x using gone where x.tenant_id = $1 and x.run_id = gone.id)
  delete from runs r using gone where r.tenant_id = $1 and r.id = gone.id returning r.id`;

/** Runs in the database. */
@Injectable()
export class RunsRepository {
  /**
   * Writes a run, in one burst if need be. Is stopped by `agent_changed` when the agent is not active in that version, and by
   * `no_place` when the tenant has too many runs at work.
   */
  async insert(tx: Tx, run: NewRun, { agentVersion, atMost, lease }: Terms): Promise<void> {
    const values = [
      run.tenantId,
      run.runId,
      run.agentId,
      run.blueprint,
      run.blueprintVersion,
      JSON.stringify(run.config),
      JSON.stringify(run.input),
      run.timeoutMs,
      run.correlationId,
      run.traceparent,
      run.createdAt,
      agentVersion,
      atMost,
      lease?.owner ?? null,
      lease?.leaseMs ?? 0,
    ];
    await Promise.all([tx.query(lockSql, [run.tenantId], 'runs-lock'), tx.query(insertSql, values, 'runs-insert')]);
  }

  async find(tx: Pick<Tx, 'query'>, tenantId: TenantId, runId: RunId): Promise<RunRow | undefined> {
    const rows = await tx.query<RunRow>(
      `select ${columns} from ${tables} where r.tenant_id = $1 and r.id = $2`,
      [tenantId, runId],
      'runs-find',
    );
    return rows[0];
  }

  /** Newest first: ids sort by creation time. Each set of filters has its own text, so that each can use its index. */
  async list(tx: Tx, tenantId: TenantId, filter: RunFilter, limit: number): Promise<RunRow[]> {
    const values: unknown[] = [tenantId, limit];
    const conditions = ['r.tenant_id = $1'];
    const where = (condition: string, value: unknown): void => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(`${condition} $${values.length}`);
    };
    where('r.status =', filter.status);
    where('r.agent_id =', filter.agentId);
    where('r.id <', filter.before);
    return tx.query<RunRow>(
      `select ${columns} from ${tables} where ${conditions.join(' and ')} order by r.id desc limit $2`,
      values,
    );
  }

  /** Deletes runs of the tenant, none of which is at work, with everything that is theirs; gives how many there were, up to `limit`. */
  async deleteSome(tx: Tx, tenantId: TenantId, limit: number): Promise<number> {
    const rows = await tx.query<{ id: RunId }>(deleteSql, [tenantId, limit]);
    return rows.length;
  }
}
