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

// The lease is there from the start and free to take: a queued run is found by whoever looks for work.
const insertSql = `
  with lease as (
    insert into run_leases (tenant_id, run_id, agent_id, expires_at, timeout_ms) values ($1, $2, $3, now(), $8))
  insert into runs (tenant_id, id, agent_id, blueprint, blueprint_version, config, input, status, correlation_id, traceparent, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, 'queued', $9, $10, $11)`;

/** Runs in the database. */
@Injectable()
export class RunsRepository {
  async insert(tx: Tx, run: NewRun): Promise<void> {
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
    ];
    await tx.query(insertSql, values, 'runs-insert');
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
}
