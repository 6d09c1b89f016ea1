import { Injectable } from '@nestjs/common';
import {
  type Caller,
  type EventContract,
  isDomainError,
  serviceCaller,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import type { RequestContent } from '@support101/contracts/hitl';
import { tenantLimits } from '@support101/contracts/tenancy';
import type { Tx } from '@support101/database';
import { CommandClient, type Delivery } from '@support101/messaging';
import { ServiceDatabase } from '@support101/service-kit';
import { AssignmentsService } from '../assignments/assignments.service.js';
import { kept, type NewRequest, ranks, type RequestRow, RequestsChangesService } from '../requests/requests-changes.service.js';
import { SlaService } from '../sla/sla.service.js';

/** How requests get into the queue, and out of it when nobody waits for them any more. */
@Injectable()
export class IntakeService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly changes: RequestsChangesService,
    private readonly assignments: AssignmentsService,
    private readonly sla: SlaService,
    private readonly commands: CommandClient,
  ) {}

  /** Opens the request that a run waits for, once however often it hears of it. */
  async open<E extends EventContract>(delivery: Delivery<E>, content: RequestContent): Promise<void> {
    const { caller } = delivery;
    const limit = await this.limitOf(caller);
    await this.database.onceDelivered(delivery, async (tx) => {
      await this.admit(tx, content, { limit, origin: 'run' }, caller);
    });
  }

  /** The run has ended: what it has asked needs no answer. Finds nothing the second time, so it needs no inbox. */
  async close(caller: TenantCaller, runId: NonNullable<RequestContent['runId']>, reason: string): Promise<void> {
    await this.database.forTenant(caller.tenantId, (tx) => this.changes.cancelOfRun(tx, caller, runId, reason));
  }

  /** How many open requests the tenant may have. Asked before a transaction, which must not wait for another service. */
  async limitOf({ tenantId, correlationId }: TenantCaller): Promise<number> {
    const caller = serviceCaller('hitl', correlationId, tenantId);
    try {
      const { limits } = await this.commands.call(tenantLimits, { tenantId }, caller);
      return limits.maxHitlQueueSize;
    } catch (error) {
      // A tenant that is gone may have none.
      if (isDomainError(error) && error.code === 'tenant_not_found') return 0;
      throw error;
    }
  }

  /** Puts a request into the tenant's queue and offers it to a reviewer; undefined when the queue is full. */
  async admit(
    tx: Tx,
    content: RequestContent,
    { limit, origin }: { limit: number; origin: NewRequest['origin'] },
    caller: TenantCaller,
  ): Promise<RequestRow | undefined> {
    const terms = await this.sla.terms(tx, caller.tenantId, content.priority);
    const request = { ...rowOf(kept(content), caller.tenantId, caller), ...terms, origin };
    const row = await this.changes.open(tx, request, limit, caller);
    return row === undefined ? undefined : this.assignments.offer(tx, row);
  }
}

function rowOf(
  content: RequestContent,
  tenantId: TenantId,
  { correlationId }: Caller,
): Omit<NewRequest, 'origin' | 'createdAt' | 'slaWarnAt' | 'slaDeadline'> {
  const { action, draft, runId, agentId, escalation, skills, expiresAt, ...rest } = content;
  return {
    ...rest,
    tenantId,
    rank: ranks[content.priority],
    action: action ?? null,
    draft: draft ?? null,
    runId: runId ?? null,
    agentId: agentId ?? null,
    escalation: escalation ?? null,
    skills: skills ?? [],
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
    correlationId,
  };
}
