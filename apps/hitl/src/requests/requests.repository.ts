import { Injectable } from '@nestjs/common';
import type { AgentId, RequestId, RunId, TenantId } from '@support101/contracts';
import type {
  EscalationMark,
  Evidence,
  ProposedAction,
  RequestPriority,
  RequestStatus,
  RequestType,
} from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import type { Due } from '../platform/request-timers.js';
import { type Life, ranks } from './requests.rules.js';

/** The part of a request that never changes. */
export interface NewRequest extends Pick<Life, 'options' | 'slaWarnAt' | 'slaDeadline' | 'expiresAt'> {
  readonly tenantId: TenantId;
  readonly requestId: RequestId;
  readonly type: RequestType;
  readonly priority: RequestPriority;
  readonly rank: number;
  readonly title: string;
  readonly question: string;
  readonly action: ProposedAction | null;
  readonly draft: string | null;
  readonly evidence: readonly Evidence[];
  readonly context: Readonly<Record<string, unknown>>;
  readonly skills: readonly string[];
  readonly runId: RunId | null;
  readonly agentId: AgentId | null;
  readonly escalation: EscalationMark | null;
  /** Who asked: a run, which waits for the answer, or a person. */
  readonly origin: 'run' | 'person';
  readonly correlationId: string;
  readonly createdAt: Date;
}

/** A request as the database has it. */
export interface RequestRow extends NewRequest, Life {
  readonly decidedDigest: string | null;
}

/** Which requests a list shows, and after which of them it goes on. */
export interface RequestFilter {
  readonly statuses?: readonly RequestStatus[] | undefined;
  readonly priority?: RequestPriority | undefined;
  readonly type?: RequestType | undefined;
  /** A reviewer’s id, or a principal’s, which stands for its reviewer too. */
  readonly assignee?: string | undefined;
  readonly agentId?: AgentId | undefined;
  readonly runId?: RunId | undefined;
  readonly after?: Place | undefined;
}

/** A place in the order of urgency. */
export interface Place {
  readonly rank: number;
  readonly createdAt: Date;
  readonly requestId: RequestId;
}

const columns = `tenant_id as "tenantId", request_id as "requestId", type, priority, rank, title, question, options, action, draft,
  evidence, context, skills, run_id as "runId", agent_id as "agentId", escalation, origin, correlation_id as "correlationId",
  created_at as "createdAt", sla_warn_at as "slaWarnAt", sla_deadline as "slaDeadline", expires_at as "expiresAt", status,
  assigned_to as "assignedTo", claimed_by as "claimedBy", claim_expires_at as "claimExpiresAt", sla_warned_at as "slaWarnedAt",
  sla_breached_at as "slaBreachedAt", decision, reason, edits, response, decided_digest as "decidedDigest",
  decided_by as "decidedBy", closed_at as "closedAt", version, action is not null as "hasAction"`;

const insertSql = `
  insert into requests (tenant_id, request_id, type, priority, rank, title, question, options, action, draft, evidence, context,
    skills, run_id, agent_id, escalation, origin, correlation_id, created_at, sla_warn_at, sla_deadline, expires_at, next_due_at,
    status, version)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, 'pending', 1)
  on conflict do nothing
  returning ${columns}`;

const saveSql = `
  update requests set status = $4, assigned_to = $5, claimed_by = $6, claim_expires_at = $7, sla_warned_at = $8,
    sla_breached_at = $9, decision = $10, reason = $11, edits = $12, response = $13, decided_digest = $14, decided_by = $15,
    closed_at = $16, next_due_at = $17, version = version + 1
  where tenant_id = $1 and request_id = $2 and version = $3
  returning ${columns}`;

const dueSql = `
  select tenant_id as "tenantId", request_id as "requestId", next_due_at as "nextDueAt" from requests
  where next_due_at < $1 and (next_due_at, tenant_id, request_id) > ($2, $3, $4)
  order by next_due_at, tenant_id, request_id limit $5`;

/** Requests in the database. */
@Injectable()
export class RequestsRepository {
  /** Undefined when there is a request of this id already. */
  async insert(tx: Tx, request: NewRequest, nextDueAt: Date | null): Promise<RequestRow | undefined> {
    const { tenantId, requestId, type, priority, rank, title, question, options, action, draft, evidence, context } = request;
    const { skills, runId, agentId, escalation, origin, correlationId, createdAt } = request;
    const { slaWarnAt, slaDeadline, expiresAt } = request;
    const values = [
      ...[tenantId, requestId, type, priority, rank, title, question, options, json(action), draft, json(evidence)],
      ...[json(context), skills, runId, agentId, json(escalation), origin, correlationId, createdAt],
      ...[slaWarnAt, slaDeadline, expiresAt, nextDueAt],
    ];
    const [row] = await tx.query<RequestRow>(insertSql, values, 'requests-insert');
    return row;
  }

  async find(tx: Tx, tenantId: TenantId, requestId: RequestId): Promise<RequestRow | undefined> {
    const text = `select ${columns} from requests where tenant_id = $1 and request_id = $2`;
    const [row] = await tx.query<RequestRow>(text, [tenantId, requestId], 'requests-find');
    return row;
  }

  /** Like `find`, and nobody else changes the request until the transaction ends. */
  async findForUpdate(tx: Tx, tenantId: TenantId, requestId: RequestId): Promise<RequestRow | undefined> {
    const text = `select ${columns} from requests where tenant_id = $1 and request_id = $2 for update`;
    const [row] = await tx.query<RequestRow>(text, [tenantId, requestId], 'requests-hold');
    return row;
  }

  /** Writes the request as its next version; undefined when it is no longer at the one that was read. */
  async save(tx: Tx, request: RequestRow, nextDueAt: Date | null): Promise<RequestRow | undefined> {
    const { tenantId, requestId, version, status, assignedTo, claimedBy, claimExpiresAt, slaWarnedAt, slaBreachedAt } = request;
    const { decision, reason, edits, response, decidedDigest, decidedBy, closedAt } = request;
    const values = [
      ...[tenantId, requestId, version, status, assignedTo, claimedBy, claimExpiresAt, slaWarnedAt, slaBreachedAt],
      ...[decision, reason, json(edits), response, decidedDigest, decidedBy, closedAt, nextDueAt],
    ];
    const [row] = await tx.query<RequestRow>(saveSql, values, 'requests-save');
    return row;
  }

  /** Most urgent first, then oldest first. Each set of filters has its own text, so that each can use its index. */
  async list(tx: Tx, tenantId: TenantId, filter: RequestFilter, limit: number): Promise<RequestRow[]> {
    const values: unknown[] = [tenantId, limit];
    const conditions = ['tenant_id = $1'];
    const where = (condition: (placeholder: string) => string, value: unknown): void => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(condition(`$${values.length}`));
    };
    const { statuses, after } = filter;
    // Written out, not as a parameter: only so does the planner see that the index of the open ones has them all.
    if (statuses !== undefined) conditions.push(`status in (${statuses.map((status) => `'${status}'`).join(', ')})`);
    // By its rank, which is what the indexes have.
    where((value) => `rank = ${value}`, filter.priority === undefined ? undefined : ranks[filter.priority]);
    where((value) => `type = ${value}`, filter.type);
    where((value) => `(assigned_to = ${value} or assigned_to = (${reviewerOf(value)}))`, filter.assignee);
    where((value) => `agent_id = ${value}`, filter.agentId);
    where((value) => `run_id = ${value}`, filter.runId);
    if (after !== undefined) {
      values.push(after.rank, after.createdAt, after.requestId);
      const last = values.length;
      conditions.push(`(rank, created_at, request_id) > ($${last - 2}, $${last - 1}, $${last})`);
    }
    const text = `select ${columns} from requests where ${conditions.join(' and ')} order by rank, created_at, request_id limit $2`;
    return tx.query<RequestRow>(text, values);
  }

  /** Of all tenants, what falls due before a moment, soonest first, after the given one. For a system transaction. */
  async due(tx: Tx, before: Date, after: Due | undefined, limit: number): Promise<Due[]> {
    const values = [before, after?.nextDueAt ?? new Date(0), after?.tenantId ?? '', after?.requestId ?? '', limit];
    return tx.query<Due>(dueSql, values, 'requests-due');
  }
}

function reviewerOf(principal: string): string {
  return `select reviewer_id from reviewers where tenant_id = $1 and principal_id = ${principal}`;
}

/** As JSON text: the driver would write an array as one of Postgres’ own. */
function json(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
