import { Injectable } from '@nestjs/common';
import type { AgentId, RequestId, RunId, TenantId } from '@support101/contracts';
import type { RunDecision } from '@support101/contracts/agent-runtime';
import type { RequestContent } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import type { Subject } from '../platform/questions.js';

/** A request as it is asked. */
export interface NewRequest {
  readonly tenantId: TenantId;
  readonly runId: RunId;
  readonly step: number;
  readonly content: RequestContent;
  readonly subject: Subject;
  readonly at: Date;
}

/** The least time a run has left when a person has answered, in milliseconds: their answer shall not be lost for a moment. */
const leastTimeLeftMs = 5_000;

// Only the holder of the lease may make the run wait. The fence counts up, so that a heartbeat which is still under way
// does nothing; the lease lasts for ever, so that nobody looks for the run; what is left of its time is put aside.
const openSql = `
  with waiting as (
    update run_leases l
       set request_id = $4, fence = l.fence + 1, expires_at = 'infinity', deadline_at = null,
           timeout_ms = greatest(${leastTimeLeftMs}, (extract(epoch from l.deadline_at - now()) * 1000)::integer)
     where l.tenant_id = $1 and l.run_id = $2 and l.fence = $3
    returning l.run_id),
  asked as (
    insert into run_requests (tenant_id, id, run_id, step, content, subject, created_at)
    select $1, $4, $2, $5, $6, $7, $8 from waiting),
  made as (
  update runs r set status = 'awaiting_human' from waiting
   where r.tenant_id = $1 and r.id = $2 and r.status = 'running'
  returning 1)
  select stop_unless(exists (select from made), 'lease_lost')`;

// The lease is locked first: whoever ends the run at the same time drops it, and then nothing is decided.
const decideSql = `
  with waiting as (
    select l.run_id, l.agent_id from run_leases l join runs r on r.tenant_id = l.tenant_id and r.id = l.run_id
     where l.tenant_id = $1 and l.run_id = $2 and l.request_id = $3 and r.status = 'awaiting_human'
       for update of l, r),
  decided as (
    update run_requests q set decision = $4, decided_at = $5 from waiting w
     where q.tenant_id = $1 and q.id = $3 and q.run_id = w.run_id and q.decision is null
    returning q.run_id),
  freed as (
    update run_leases l set expires_at = now() from decided d where l.tenant_id = $1 and l.run_id = d.run_id
    returning l.run_id, l.agent_id)
  update runs r set status = 'queued' from freed f where r.tenant_id = $1 and r.id = f.run_id
  returning f.agent_id as "agentId"`;

/** What runs asked people. */
@Injectable()
export class RequestsRepository {
  /** Makes the held run wait; is stopped by `lease_lost` when the lease is another worker's. */
  async open(tx: Tx, request: NewRequest, fence: number): Promise<void> {
    const { tenantId, runId, step, content, subject, at } = request;
    const values = [tenantId, runId, fence, content.requestId, step, JSON.stringify(content), JSON.stringify(subject), at];
    await tx.query(openSql, values, 'requests-open');
  }

  /** Writes the decision down and queues the run, if it waits for exactly this request; else nothing, and undefined. */
  async decide(
    tx: Tx,
    { tenantId, runId }: { tenantId: TenantId; runId: RunId },
    decision: RunDecision,
    at: Date,
  ): Promise<AgentId | undefined> {
    const values = [tenantId, runId, decision.requestId, JSON.stringify(decision), at];
    return (await tx.query<{ agentId: AgentId }>(decideSql, values, 'requests-decide'))[0]?.agentId;
  }

  /** The decision has become a step of the journal. */
  async apply(tx: Tx, tenantId: TenantId, runId: RunId, requestId: RequestId): Promise<void> {
    await tx.query(
      `update run_leases set request_id = null, decisions = decisions + 1
        where tenant_id = $1 and run_id = $2 and request_id = $3`,
      [tenantId, runId, requestId],
      'requests-apply',
    );
  }

  async show(tx: Tx, tenantId: TenantId, requestId: RequestId): Promise<void> {
    await tx.query(
      `update run_requests set visible = true where tenant_id = $1 and id = $2`,
      [tenantId, requestId],
      'requests-show',
    );
  }

  /** What was decided about the run, first to last. */
  async decisions(tx: Tx, tenantId: TenantId, runId: RunId): Promise<RunDecision[]> {
    const rows = await tx.query<{ decision: RunDecision }>(
      `select decision from run_requests where tenant_id = $1 and run_id = $2 and decision is not null order by step`,
      [tenantId, runId],
    );
    return rows.map((row) => row.decision);
  }
}
