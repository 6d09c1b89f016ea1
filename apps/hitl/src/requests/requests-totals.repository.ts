import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { RequestStatus, RequestType } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import type { OpenCount, Totals } from './requests-stats.rules.js';

const openSql = `
  insert into queue_totals (tenant_id, open_count, escalations_open, escalations)
  select $1, 1, $3::int, $3::int where $2::int > 0
  on conflict (tenant_id) do update set open_count = queue_totals.open_count + 1,
    escalations_open = queue_totals.escalations_open + $3::int, escalations = queue_totals.escalations + $3::int
  where queue_totals.open_count < $2::int
  returning 1`;

const closeSql = `
  update queue_totals set open_count = open_count - 1, escalations_open = escalations_open - $2::int,
    completed = completed + ($3 = 'completed')::int, expired = expired + ($3 = 'expired')::int,
    cancelled = cancelled + ($3 = 'cancelled')::int, decision_ms = decision_ms + $4::bigint
  where tenant_id = $1`;

const readSql = `
  select coalesce(sum(escalations_open), 0)::int as "escalationsOpen", coalesce(sum(escalations), 0)::int as escalations,
    coalesce(sum(completed), 0)::int as completed, coalesce(sum(expired), 0)::int as expired,
    coalesce(sum(cancelled), 0)::int as cancelled, coalesce(sum(breached), 0)::int as breached,
    coalesce(sum(decision_ms), 0)::float8 as "decisionMs",
    (select count(*)::int from reviewers where tenant_id = $1) as reviewers,
    (select count(*)::int from reviewers where tenant_id = $1 and available) as "availableReviewers"
  from queue_totals where tenant_id = $1`;

const countOpenSql = `
  select status, priority, count(*)::int as count, (count(*) filter (where sla_deadline <= $2))::int as breached
  from requests where tenant_id = $1 and status in ('pending', 'assigned') group by status, priority`;

/** The numbers of each tenant’s queue in the database. */
@Injectable()
export class RequestsTotalsRepository {
  /** Counts one more open request; false, and nothing counted, when the limit is reached. */
  async open(tx: Tx, tenantId: TenantId, limit: number, type: RequestType): Promise<boolean> {
    const rows = await tx.query(openSql, [tenantId, limit, isEscalation(type)], 'totals-open');
    return rows.length === 1;
  }

  async close(
    tx: Tx,
    tenantId: TenantId,
    closed: { status: RequestStatus; type: RequestType; decisionMs: number },
  ): Promise<void> {
    await tx.query(closeSql, [tenantId, isEscalation(closed.type), closed.status, closed.decisionMs], 'totals-close');
  }

  async breach(tx: Tx, tenantId: TenantId): Promise<void> {
    await tx.query('update queue_totals set breached = breached + 1 where tenant_id = $1', [tenantId], 'totals-breach');
  }

  async read(tx: Tx, tenantId: TenantId): Promise<Totals> {
    const [totals] = await tx.query<Totals>(readSql, [tenantId], 'totals-read');
    // An aggregate without groups always has one row.
    return totals as Totals;
  }

  /** Counts what is open; a request past its deadline at that moment is breached. */
  async countOpen(tx: Tx, tenantId: TenantId, at: Date): Promise<OpenCount[]> {
    return tx.query<OpenCount>(countOpenSql, [tenantId, at], 'totals-count-open');
  }
}

function isEscalation(type: RequestType): number {
  return type === 'escalation' ? 1 : 0;
}
