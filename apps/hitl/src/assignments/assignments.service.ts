import { Injectable } from '@nestjs/common';
import { type InputOf, type OutputOf, serviceCaller, type TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { Clock, ServiceDatabase } from '@support101/service-kit';
import { RequestsService, toRequest } from '../requests/requests.service.js';
import { type Actor, type RequestRow, RequestsChangesService } from '../requests/requests-changes.service.js';
import { ReviewersService, toReviewer } from '../reviewers/reviewers.service.js';
import { assignsItself, mayOverride } from './assignments.rules.js';

/** How many requests of each kind a dashboard shows. */
const shown = 20;

/** Who has which request: claimed by people, given by others, or given by itself when it is urgent. */
@Injectable()
export class AssignmentsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly changes: RequestsChangesService,
    private readonly requests: RequestsService,
    private readonly reviewers: ReviewersService,
    private readonly clock: Clock,
  ) {}

  claim(input: InputOf<typeof contract.claimRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    const { tenantId, principal } = caller;
    return this.database.once(contract.claimRequest, input, caller, async (tx) => {
      const assignee = await this.reviewers.assigneeOf(tx, tenantId, principal.id);
      const command = { kind: 'claim', principalId: principal.id, assignee } as const;
      return this.#shown(await this.changes.apply(tx, tenantId, input.requestId, command, caller));
    });
  }

  assign(input: InputOf<typeof contract.assignRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    const { tenantId } = caller;
    const { requestId, reviewerId } = input;
    return this.database.once(contract.assignRequest, input, caller, async (tx) => {
      await this.reviewers.require(tx, tenantId, reviewerId);
      const command = { kind: 'assign', reviewerId, how: 'assigned', by: actorOf(caller) } as const;
      const row = await this.changes.apply(tx, tenantId, requestId, command, caller);
      await this.reviewers.given(tx, tenantId, reviewerId);
      return this.#shown(row);
    });
  }

  unassign(input: InputOf<typeof contract.unassignRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    const command = { kind: 'unassign', by: actorOf(caller) } as const;
    return this.database.once(contract.unassignRequest, input, caller, async (tx) =>
      this.#shown(await this.changes.apply(tx, caller.tenantId, input.requestId, command, caller)),
    );
  }

  /** Gives a new request to a reviewer when it is urgent and there is one; else it waits in the queue. */
  async offer(tx: Tx, row: RequestRow): Promise<RequestRow> {
    const { tenantId, requestId, priority, skills, status, correlationId } = row;
    if (!assignsItself(priority) || status !== 'pending') return row;
    const reviewerId = await this.reviewers.next(tx, tenantId, skills);
    if (reviewerId === undefined) return row;
    const caller = serviceCaller('hitl', correlationId, tenantId);
    const by = { principalId: caller.principal.id, mayOverride: false };
    const command = { kind: 'assign', reviewerId, how: 'automatic', by } as const;
    const assigned = await this.changes.apply(tx, tenantId, requestId, command, caller);
    await this.reviewers.given(tx, tenantId, reviewerId);
    return assigned;
  }

  dashboard(
    { reviewerId }: InputOf<typeof contract.reviewerDashboard>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.reviewerDashboard>> {
    return this.database.forTenant(tenantId, async (tx) => {
      const reviewer = toReviewer(await this.reviewers.require(tx, tenantId, reviewerId));
      const assignments = await this.requests.mostUrgent(tx, tenantId, reviewerId, shown);
      const pending = await this.requests.mostUrgent(tx, tenantId, undefined, shown);
      return { reviewer, assignments, pending, pendingInQueue: await this.requests.countPending(tx, tenantId) };
    });
  }

  list(
    input: InputOf<typeof contract.listAssignments>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listAssignments>> {
    return this.database.forTenant(tenantId, async (tx) => {
      await this.reviewers.require(tx, tenantId, input.reviewerId);
      return this.requests.page(tx, tenantId, input, input.reviewerId);
    });
  }

  #shown(row: RequestRow): contract.HitlRequest {
    return toRequest(row, this.clock.now());
  }
}

function actorOf({ principal }: TenantCaller): Actor {
  return { principalId: principal.id, mayOverride: mayOverride(principal) };
}
