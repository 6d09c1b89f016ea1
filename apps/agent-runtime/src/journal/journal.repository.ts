import { Injectable } from '@nestjs/common';
import type { AgentId, RequestId, RunId, TenantId } from '@support101/contracts';
import type { RunStep, RunUsage } from '@support101/contracts/agent-runtime';
import type { Tx } from '@support101/database';
import type { EndOfRun } from '../platform/notices.js';
import type { Asked } from '../platform/questions.js';
import { addUsage, sourcesOf, type State, type StateRow } from './journal.rules.js';

/** Names a run; its tenant is part of every key. */
export interface RunRef {
  readonly tenantId: TenantId;
  readonly runId: RunId;
}

/** A run that waits for a worker, and the trace it belongs to. */
export interface DueRow extends RunRef {
  readonly traceparent: string | null;
}

/** What a worker learns when it takes a run. `timeLeftMs` is by the database's clock, the only one all workers share. */
export interface TakenRow {
  readonly fence: number;
  readonly stepsCount: number;
  readonly timeLeftMs: number;
  readonly agentId: AgentId;
  readonly blueprint: string;
  readonly blueprintVersion: string;
  readonly config: State;
  readonly input: State;
  readonly correlationId: string;
  readonly traceparent: string | null;
  /** The decision that is still to be applied. */
  readonly pending: Asked | null;
  /** What was decided and applied before, first to last. */
  readonly asked: readonly Asked[];
  /** What its steps have used. */
  readonly usage: RunUsage;
  readonly createdAt: Date;
}

type StepColumns = Omit<RunStep, 'completedAt'> & { readonly completedAt: Date };

/** A row of the journal before it is written, with the fence of the worker that writes it. */
export interface StepRow extends StepColumns, RunRef {
  readonly fence: number;
  readonly state: StateRow;
}

/** Steps of one run that follow each other. */
export type Steps = readonly [StepRow, ...StepRow[]];

/** How a run ends; what it has used so far is known to its lease. */
export type EndRow = Omit<EndOfRun, 'stepsCount' | 'usage'>;

/** What the fact about an ended run needs besides how it ended. */
export interface EndedRow {
  readonly agentId: AgentId;
  readonly blueprint: string;
  readonly blueprintVersion: string;
  readonly stepsCount: number;
  readonly usage: RunUsage;
  readonly createdAt: Date;
  /** The last request to a person that was decided. */
  readonly requestId: RequestId | null;
}

const usageOf = (table: string) =>
  `jsonb_build_object('inputTokens', ${table}.input_tokens, 'outputTokens', ${table}.output_tokens,
    'costMicroUsd', ${table}.cost_micro_usd, 'model', ${table}.model) as usage`;

const asked = `jsonb_build_object('requestId', q.id, 'step', q.step, 'subject', q.subject, 'action', q.content->'action',
  'rule', q.content#>'{escalation,rule}', 'decision', q.decision)`;

// The time in which no worker had the run is not the run's: every worker may have been away.
const takeSql = `
  with taken as (
    update run_leases l
       set owner = $3, fence = l.fence + 1, expires_at = now() + $4 * interval '1 millisecond',
           deadline_at = coalesce(l.deadline_at + (now() - l.expires_at), now() + l.timeout_ms * interval '1 millisecond')
      from runs r
     where l.tenant_id = $1 and l.run_id = $2 and l.expires_at <= now()
       and r.tenant_id = l.tenant_id and r.id = l.run_id and r.status = any($6)
    returning l.fence, l.steps_count, l.deadline_at, l.request_id, l.decisions, ${usageOf('l')})
  update runs r set status = 'running', started_at = coalesce(r.started_at, $5)
    from taken t
   where r.tenant_id = $1 and r.id = $2
  returning t.fence, t.steps_count as "stepsCount", (extract(epoch from t.deadline_at - now()) * 1000)::float8 as "timeLeftMs",
    r.agent_id as "agentId", r.blueprint, r.blueprint_version as "blueprintVersion", r.config, r.input,
    r.correlation_id as "correlationId", r.traceparent, r.created_at as "createdAt", t.usage,
    case when t.request_id is not null then (
      select ${asked} from run_requests q where q.tenant_id = $1 and q.id = t.request_id) end as pending,
    case when t.decisions = 0 then '[]'::jsonb else (
      select coalesce(jsonb_agg(${asked} order by q.step), '[]'::jsonb) from run_requests q
       where q.tenant_id = $1 and q.run_id = $2 and q.decision is not null and q.id is distinct from t.request_id) end as asked`;

// One parameter for all steps of the run, however many: as arrays Postgres plans it anew each time.
const stepsFrom = (held: string) => `
    insert into run_steps (tenant_id, run_id, fence, step, action, outcome, result, tools, change, snapshot, input_tokens,
                           output_tokens, cost_micro_usd, model, duration_ms, completed_at)
    select $1, $2, $3::integer, s.step, s.action, s.outcome, s.result, s.tools, s.change, s.snapshot, s."inputTokens",
           s."outputTokens", s."costMicroUsd", s.model, s."durationMs", s."completedAt"
      from ${held}, jsonb_to_recordset($5::jsonb) as s (step integer, action text, outcome text, result jsonb, tools jsonb,
        change jsonb, snapshot jsonb, "inputTokens" integer, "outputTokens" integer, "costMicroUsd" bigint, model text,
        "durationMs" integer, "completedAt" timestamptz)`;

// Only a worker that still holds the lease gets past the update; it also keeps the journal dense and in order.
const appendSql = `
  with held as (
    update run_leases
       set steps_count = steps_count + $6, input_tokens = input_tokens + $7, output_tokens = output_tokens + $8,
           cost_micro_usd = cost_micro_usd + $9, model = coalesce($10, model)
     where tenant_id = $1 and run_id = $2 and fence = $3 and steps_count = $4
    returning 1),
  written as (${stepsFrom('held')})
  select stop_unless(exists (select from held), 'lease_lost')`;

const appendLastSql = `
  with gone as (
    delete from run_leases where tenant_id = $1 and run_id = $2 and fence = $3 and steps_count = $4
    returning steps_count, input_tokens, output_tokens, cost_micro_usd, model),
  ended as (
    update runs r
       set status = $11, output = $12, outcome = $13, error_code = $14, error_detail = $15, completed_at = $16,
           steps_count = g.steps_count + $6, input_tokens = g.input_tokens + $7, output_tokens = g.output_tokens + $8,
           cost_micro_usd = g.cost_micro_usd + $9, model = coalesce($10, g.model)
      from gone g
     where r.tenant_id = $1 and r.id = $2 and r.status = any($17)
    returning 1),
  written as (${stepsFrom('ended')})
  select stop_unless(exists (select from ended), 'lease_lost')`;

const endSql = `
  with gone as (
    delete from run_leases l using runs r
     where l.tenant_id = $1 and l.run_id = $2 and ($3::integer is null or l.fence = $3)
       and r.tenant_id = l.tenant_id and r.id = l.run_id and r.status = any($10)
    returning l.steps_count, l.input_tokens, l.output_tokens, l.cost_micro_usd, l.model),
  ended as (
    update runs r
       set status = $4, output = $5, outcome = $6, error_code = $7, error_detail = $8, completed_at = $9,
           steps_count = g.steps_count, input_tokens = g.input_tokens, output_tokens = g.output_tokens,
           cost_micro_usd = g.cost_micro_usd, model = g.model
      from gone g
     where r.tenant_id = $1 and r.id = $2
    returning r.*)
  select r.agent_id as "agentId", r.blueprint, r.blueprint_version as "blueprintVersion", r.steps_count as "stepsCount",
    ${usageOf('r')}, r.created_at as "createdAt",
    (select q.id from run_requests q where q.tenant_id = $1 and q.run_id = $2 and q.decision is not null
      order by q.step desc limit 1) as "requestId"
    from ended r`;

/** Leases and journal. Every write of a worker names its fence and does nothing when another worker has a newer one. */
@Injectable()
export class JournalRepository {
  async take(tx: Tx, { tenantId, runId }: RunRef, owner: string, leaseMs: number, now: Date): Promise<TakenRow | undefined> {
    const rows = await tx.query<TakenRow>(takeSql, [tenantId, runId, owner, leaseMs, now, sourcesOf('running')], 'runs-take');
    return rows[0];
  }

  /** False when the lease is another worker's by now, or the run has ended. */
  async renew(tx: Pick<Tx, 'query'>, { tenantId, runId }: RunRef, fence: number, leaseMs: number): Promise<boolean> {
    const rows = await tx.query(
      `update run_leases set expires_at = now() + $4 * interval '1 millisecond'
        where tenant_id = $1 and run_id = $2 and fence = $3 returning 1`,
      [tenantId, runId, fence, leaseMs],
      'runs-renew',
    );
    return rows.length === 1;
  }

  /** Makes the time limit later for this worker and those after it. */
  async postpone(tx: Pick<Tx, 'query'>, { tenantId, runId }: RunRef, fence: number, byMs: number): Promise<void> {
    await tx.query(
      `update run_leases set deadline_at = deadline_at + $4 * interval '1 millisecond'
        where tenant_id = $1 and run_id = $2 and fence = $3`,
      [tenantId, runId, fence, byMs],
      'runs-postpone',
    );
  }

  /** Gives the lease back, so that any worker can take the run at once. The owner stays: it tells the run from a queued one. */
  async release(tx: Pick<Tx, 'query'>, { tenantId, runId }: RunRef, fence: number): Promise<void> {
    await tx.query(
      `update run_leases set expires_at = now() where tenant_id = $1 and run_id = $2 and fence = $3`,
      [tenantId, runId, fence],
      'runs-release',
    );
  }

  /**
   * Appends steps of one run that follow each other, and with them the run's end, if so. Is stopped by `lease_lost` when the
   * lease is another worker's.
   */
  async append(tx: Tx, rows: Steps, end?: EndRow): Promise<void> {
    if (end === undefined) await tx.query(appendSql, stepValues(rows), 'runs-append');
    else await tx.query(appendLastSql, [...stepValues(rows), ...endValues(end)], 'runs-append-last');
  }

  /** Ends the run and drops its lease. With a fence: only if that worker holds it; without: whoever does. */
  async end(tx: Tx, ref: RunRef, fence: number | null, end: EndRow): Promise<EndedRow | undefined> {
    const values = [ref.tenantId, ref.runId, fence, ...endValues(end)];
    return (await tx.query<EndedRow>(endSql, values, 'runs-end'))[0];
  }

  /** The journal's state rows from the given step on. */
  async stateRows(tx: Tx, { tenantId, runId }: RunRef, from: number): Promise<StateRow[]> {
    return tx.query<StateRow>(
      `select change, snapshot from run_steps where tenant_id = $1 and run_id = $2 and step >= $3 order by step`,
      [tenantId, runId, from],
      'runs-state',
    );
  }

  /** Steps after the given one, in order. */
  async steps(tx: Tx, { tenantId, runId }: RunRef, after: number, limit: number): Promise<StepColumns[]> {
    return tx.query<StepColumns>(
      `select s.step, s.action, s.outcome, s.result, s.tools, ${usageOf('s')}, s.duration_ms as "durationMs",
              s.completed_at as "completedAt"
         from run_steps s where s.tenant_id = $1 and s.run_id = $2 and s.step > $3 order by s.step limit $4`,
      [tenantId, runId, after, limit],
      'runs-steps',
    );
  }

  /** Runs of any tenant that a worker may take now: queued, handed back, or left by a worker that died. */
  async due(tx: Tx, after: RunRef | undefined, limit: number): Promise<DueRow[]> {
    return tx.query<DueRow>(
      `select l.tenant_id as "tenantId", l.run_id as "runId", r.traceparent
         from run_leases l join runs r on r.tenant_id = l.tenant_id and r.id = l.run_id
        where l.expires_at <= now() and (l.tenant_id, l.run_id) > ($1, $2) order by l.tenant_id, l.run_id limit $3`,
      [after?.tenantId ?? '', after?.runId ?? '', limit],
      'runs-due',
    );
  }

  /** Runs of any tenant that a worker had taken and that nobody holds now. */
  async abandoned(tx: Tx, limit: number): Promise<RunRef[]> {
    return tx.query<RunRef>(
      `select tenant_id as "tenantId", run_id as "runId" from run_leases
        where expires_at <= now() and owner is not null order by expires_at limit $1`,
      [limit],
      'runs-abandoned',
    );
  }

  /** Ids of the tenant's runs that are queued or at work. */
  async active(tx: Tx, tenantId: TenantId): Promise<RunId[]> {
    const rows = await tx.query<{ id: RunId }>(
      `select id from runs where tenant_id = $1 and status in ('queued', 'running') order by id`,
      [tenantId],
    );
    return rows.map((row) => row.id);
  }

  /** Ids of the tenant's runs that have not ended, waiting ones included. */
  async unfinished(tx: Tx, tenantId: TenantId): Promise<RunId[]> {
    const rows = await tx.query<{ id: RunId }>(`select run_id as id from run_leases where tenant_id = $1 order by run_id`, [
      tenantId,
    ]);
    return rows.map((row) => row.id);
  }
}

function endValues({ status, output, outcome, error, completedAt }: EndRow): unknown[] {
  return [status, output && JSON.stringify(output), outcome, error?.code, error?.detail, completedAt, sourcesOf(status)];
}

function stepValues(rows: Steps): unknown[] {
  const [{ tenantId, runId, fence, step }] = rows;
  const used = rows.map(({ usage }) => usage).reduce(addUsage);
  const columns = rows.map(({ state, usage, ...row }) => ({ ...row, ...state, ...usage }));
  const sums = [used.inputTokens, used.outputTokens, used.costMicroUsd, used.model];
  return [tenantId, runId, fence, step, JSON.stringify(columns), rows.length, ...sums];
}
