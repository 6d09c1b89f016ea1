import { Injectable } from '@nestjs/common';
import {
  decodeCursor,
  DomainError,
  type ErrorCode,
  type InputOf,
  isDomainError,
  type OutputOf,
  RequestId,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import type * as contract from '@support101/contracts/hitl';
import { cancelRequest, respondToRequest } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { Clock, pageOf, ServiceDatabase } from '@support101/service-kit';
import { z } from 'zod';
import { type Place, type RequestFilter, type RequestRow, RequestsRepository } from './requests.repository.js';
import * as rules from './requests.rules.js';
import { RequestsChangesService } from './requests-changes.service.js';
import { statistics } from './requests-stats.rules.js';
import { RequestsTotalsRepository } from './requests-totals.repository.js';

/** What a list of requests may be narrowed by, besides whose they are. */
type ListInput = Pick<InputOf<typeof contract.listRequests>, 'limit' | 'cursor' | 'status'> &
  Partial<Pick<InputOf<typeof contract.listRequests>, 'priority' | 'type' | 'agentId'>>;

const CursorKey = z.tuple([z.number().int().min(0).max(3), z.number().int().min(0).max(8.64e15), RequestId]);

/** What is said about the answer itself; a repeated or unfinished one is no refusal. */
const tellsOf: readonly ErrorCode[] = [...respondToRequest.errors, 'validation_failed', 'forbidden'];

/** Requests as they are looked at and decided. */
@Injectable()
export class RequestsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly requests: RequestsRepository,
    private readonly totals: RequestsTotalsRepository,
    private readonly changes: RequestsChangesService,
    private readonly clock: Clock,
  ) {}

  async get(requestId: RequestId, { tenantId }: TenantCaller): Promise<contract.HitlRequest> {
    const row = await this.database.forTenant(tenantId, (tx) => this.requests.find(tx, tenantId, requestId));
    if (row === undefined) throw new DomainError('request_not_found');
    return toRequest(row, this.clock.now());
  }

  list(input: InputOf<typeof contract.listRequests>, caller: TenantCaller): Promise<OutputOf<typeof contract.listRequests>> {
    const assignee = input.assignee === 'me' ? caller.principal.id : input.assignee;
    return this.database.forTenant(caller.tenantId, (tx) => this.page(tx, caller.tenantId, input, assignee));
  }

  /** A page of the requests of whoever `assignee` is, or of everybody's. */
  async page(
    tx: Tx,
    tenantId: TenantId,
    input: ListInput,
    assignee: string | undefined,
  ): Promise<OutputOf<typeof contract.listRequests>> {
    const { limit, cursor, status, priority, type, agentId } = input;
    const after = cursor === undefined ? undefined : placeOf(cursor);
    const filter: RequestFilter = { statuses: statusesOf(status), priority, type, agentId, assignee, after };
    const rows = await this.requests.list(tx, tenantId, filter, limit + 1);
    const now = this.clock.now();
    return pageOf(rows, limit, keyOf, (row) => toRequest(row, now));
  }

  /** The most urgent open requests: those of the assignee, or those that nobody holds. */
  async mostUrgent(tx: Tx, tenantId: TenantId, assignee: string | undefined, limit: number): Promise<contract.RequestSummary[]> {
    const filter: RequestFilter = assignee === undefined ? { statuses: ['pending'] } : { statuses: statusesOf('open'), assignee };
    const rows = await this.requests.list(tx, tenantId, filter, limit);
    const now = this.clock.now();
    return rows.map((row) => toRequest(row, now));
  }

  async countPending(tx: Tx, tenantId: TenantId): Promise<number> {
    const open = await this.totals.countOpen(tx, tenantId, this.clock.now());
    return open.filter(({ status }) => status === 'pending').reduce((sum, { count }) => sum + count, 0);
  }

  /** Takes the answer, or tells of it that it was refused: in a transaction of its own, after the one that was undone. */
  async respond(input: InputOf<typeof respondToRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    try {
      return await this.#decide(input, caller);
    } catch (error) {
      if (isDomainError(error) && tellsOf.includes(error.code)) {
        await this.database.forTenant(caller.tenantId, (tx) => this.changes.tellRefused(tx, input, error, caller));
      }
      throw error;
    }
  }

  async #decide(input: InputOf<typeof respondToRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    const { principal, tenantId } = caller;
    rules.checkMayDecide(principal.type);
    const { requestId, ...answer } = input;
    const command = { kind: 'decide', principalId: principal.id, answer } as const;
    return this.database.once(respondToRequest, input, caller, async (tx) =>
      toRequest(await this.changes.apply(tx, tenantId, requestId, command, caller), this.clock.now()),
    );
  }

  cancel(input: InputOf<typeof cancelRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    const { requestId, reason } = input;
    return this.database.once(cancelRequest, input, caller, async (tx) =>
      toRequest(await this.changes.apply(tx, caller.tenantId, requestId, { kind: 'cancel', reason }, caller), this.clock.now()),
    );
  }

  stats({ tenantId }: TenantCaller): Promise<OutputOf<typeof contract.hitlStats>> {
    return this.database.forTenant(tenantId, async (tx) => {
      const totals = await this.totals.read(tx, tenantId);
      return statistics(totals, await this.totals.countOpen(tx, tenantId, this.clock.now()));
    });
  }
}

/** A request on the wire, as it is at that moment. */
export function toRequest(row: RequestRow, at: Date): contract.HitlRequest {
  const { action, draft, escalation, options, evidence, skills } = row;
  const iso = (time: Date | null) => time?.toISOString() ?? null;
  return {
    ...row,
    options: [...options],
    evidence: [...evidence],
    skills: [...skills],
    action: action ?? undefined,
    draft: draft ?? undefined,
    escalation: escalation ?? undefined,
    claimExpiresAt: iso(row.claimExpiresAt),
    slaDeadline: row.slaDeadline.toISOString(),
    slaState: rules.slaState(row, at),
    expiresAt: iso(row.expiresAt),
    decidedAt: row.decision === null ? null : iso(row.closedAt),
    createdAt: row.createdAt.toISOString(),
  };
}

function statusesOf(filter: ListInput['status']): readonly contract.HitlRequest['status'][] | undefined {
  if (filter === 'all') return undefined;
  return filter === 'open' ? ['pending', 'assigned'] : [filter];
}

function keyOf({ rank, createdAt, requestId }: RequestRow): z.output<typeof CursorKey> {
  return [rank, createdAt.getTime(), requestId];
}

function placeOf(cursor: string): Place {
  const key = CursorKey.safeParse(decodeCursor(cursor, 3));
  if (!key.success) throw new DomainError('cursor_invalid');
  const [rank, createdAt, requestId] = key.data;
  return { rank, createdAt: new Date(createdAt), requestId };
}
