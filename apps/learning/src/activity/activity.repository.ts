import { Injectable } from '@nestjs/common';
import type { Activity, ActivityType } from '@support101/contracts/learning';
import type { Tx } from '@support101/database';

/** An entry as it is read. */
export type ActivityRow = Omit<Activity, 'happenedAt' | 'principal'> & {
  readonly principalType: string;
  readonly principalId: string;
  readonly happenedAt: Date;
};

/** The sort key of an entry: time, and the event’s id for those of one moment. */
export interface ActivityKey {
  readonly happenedAt: string;
  readonly eventId: string;
}

/** The activity list in the database. */
@Injectable()
export class ActivityRepository {
  async insert(tx: Tx, entry: Activity): Promise<void> {
    const { eventId, type, resource, principal, outcome, runId, agentId, requestId, summary, happenedAt } = entry;
    await tx.query(
      `insert into activity (tenant_id, event_id, type, resource, principal_type, principal_id, outcome, run_id, agent_id,
         request_id, summary, happened_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
      [
        tx.tenantId,
        eventId,
        type,
        resource,
        principal.type,
        principal.id,
        outcome,
        runId,
        agentId,
        requestId,
        summary,
        happenedAt,
      ],
      'activity-insert',
    );
  }

  /** Newest first. Without a type and with one are two statements: each has its own index. */
  list(
    tx: Tx,
    filter: { type: ActivityType | undefined; before: ActivityKey | undefined },
    limit: number,
  ): Promise<ActivityRow[]> {
    const { type, before } = filter;
    const ofType = type === undefined ? '' : ' and type = $5';
    return tx.query<ActivityRow>(
      `select event_id as "eventId", type, resource, principal_type as "principalType", principal_id as "principalId", outcome,
         run_id as "runId", agent_id as "agentId", request_id as "requestId", summary, happened_at as "happenedAt"
       from activity where tenant_id = $1 and (happened_at, event_id) < ($2::timestamptz, $3)${ofType}
       order by happened_at desc, event_id desc limit $4`,
      [tx.tenantId, before?.happenedAt ?? 'infinity', before?.eventId ?? '', limit, ...(type === undefined ? [] : [type])],
      type === undefined ? 'activity-list' : 'activity-list-type',
    );
  }

  /** Deletes all activity of the transaction’s tenant. */
  async deleteAll(tx: Tx): Promise<void> {
    await tx.query('delete from activity where tenant_id = $1', [tx.tenantId], 'activity-delete-all');
  }
}
