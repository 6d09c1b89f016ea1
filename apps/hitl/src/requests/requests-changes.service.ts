import { Injectable } from '@nestjs/common';
import { type Caller, DomainError, type RequestId, serviceCaller, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { Outbox } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { digestOf } from '../platform/action-digest.js';
import { RequestTimers } from '../platform/request-timers.js';
import { type NewRequest, type RequestRow, RequestsRepository } from './requests.repository.js';
import { advance, type Command, type Fact, isOpen, nextDue } from './requests.rules.js';
import { RequestsTotalsRepository } from './requests-totals.repository.js';

export type { NewRequest, RequestRow } from './requests.repository.js';
export { type Actor, type Command, ranks } from './requests.rules.js';
export { kept } from './requests-content.rules.js';

/** Every change of a request: in the caller's transaction, with its events, its share of the totals, and its timer. */
@Injectable()
export class RequestsChangesService {
  constructor(
    private readonly requests: RequestsRepository,
    private readonly totals: RequestsTotalsRepository,
    private readonly outbox: Outbox,
    private readonly timers: RequestTimers,
    private readonly clock: Clock,
  ) {}

  /** Opens a request; the one that is there when its id was opened before; undefined when the tenant's queue is full. */
  async open(tx: Tx, request: NewRequest, limit: number, caller: Caller): Promise<RequestRow | undefined> {
    const { tenantId, requestId, type } = request;
    const known = await this.requests.find(tx, tenantId, requestId);
    if (known !== undefined) return known;
    if (!(await this.totals.open(tx, tenantId, limit, type))) {
      await this.outbox.record(tx, contract.requestRefused, { ...identityOf(request), limit }, caller);
      return undefined;
    }
    const row = await this.requests.insert(tx, request, firstDue(request));
    // Somebody has opened it since it was looked for: undone as a whole, the next try finds it.
    if (row === undefined) throw new Error(`${requestId} was opened twice at once`);
    await this.#tellOpened(tx, row, caller);
    this.timers.arm(tx, { tenantId, requestId, nextDueAt: nextDue(row) });
    return row;
  }

  /**
   * Does to the request what the command says, or throws why it cannot be done. Of two commands at once one is first,
   * and the other is judged by what the first has left.
   */
  async apply(tx: Tx, tenantId: TenantId, requestId: RequestId, command: Command, caller: Caller): Promise<RequestRow> {
    const read = found(await this.requests.find(tx, tenantId, requestId));
    const first = await this.#step(tx, read, command, caller);
    if (first !== undefined) return first;
    const held = found(await this.requests.findForUpdate(tx, tenantId, requestId));
    return found(await this.#step(tx, held, command, caller));
  }

  /** Cancels what the run has asked and nobody has decided yet. */
  async cancelOfRun(tx: Tx, caller: TenantCaller, runId: NonNullable<RequestRow['runId']>, reason: string): Promise<void> {
    const { tenantId } = caller;
    const open = await this.requests.list(tx, tenantId, { statuses: ['pending', 'assigned'], runId }, 100);
    for (const { requestId } of open.filter(({ origin }) => origin === 'run')) {
      const row = found(await this.requests.findForUpdate(tx, tenantId, requestId));
      if (isOpen(row.status)) await this.apply(tx, tenantId, requestId, { kind: 'cancel', reason }, caller);
    }
  }

  /** Tells of an answer that was refused, whether or not there is such a request. */
  async tellRefused(
    tx: Tx,
    { requestId, decision }: { requestId: RequestId; decision: string },
    { code, detail }: DomainError,
    caller: Caller,
  ): Promise<void> {
    await this.outbox.record(tx, contract.answerRefused, { requestId, decision, code, detail }, caller);
  }

  /** Undefined when the row has changed since it was read. */
  async #step(tx: Tx, row: RequestRow, command: Command, caller: Caller): Promise<RequestRow | undefined> {
    const { after, facts } = advance(row, command, this.clock.now());
    if (after === row) return row;
    const nextDueAt = nextDue(after);
    const saved = await this.requests.save(tx, { ...after, decidedDigest: digestOfDecided(after) }, nextDueAt);
    if (saved === undefined) return undefined;
    for (const fact of facts) {
      await this.#tell(tx, saved, fact, actingIn(fact, saved, caller));
      await this.#count(tx, saved, fact);
    }
    this.timers.arm(tx, { tenantId: saved.tenantId, requestId: saved.requestId, nextDueAt });
    return saved;
  }

  async #tellOpened(tx: Tx, row: RequestRow, caller: Caller): Promise<void> {
    const opened = { ...identityOf(row), title: row.title, slaDeadline: row.slaDeadline.toISOString() };
    await this.outbox.record(tx, contract.requestOpened, opened, caller);
    if (row.escalation === null) return;
    const { requestId, runId, agentId, priority, question, escalation } = row;
    const raised = { requestId, runId, agentId, priority, ...escalation, reason: question };
    await this.outbox.record(tx, contract.escalationRaised, raised, caller);
  }

  async #tell(tx: Tx, row: RequestRow, fact: Fact, caller: Caller): Promise<void> {
    const identity = identityOf(row);
    const sla = { ...identity, slaDeadline: row.slaDeadline.toISOString(), assignedTo: row.assignedTo };
    switch (fact.kind) {
      case 'assigned':
        await this.outbox.record(
          tx,
          contract.requestAssigned,
          { ...identity, assignedTo: fact.assignedTo, how: fact.how },
          caller,
        );
        break;
      case 'released':
        await this.outbox.record(tx, contract.requestReleased, { ...identity, how: fact.how }, caller);
        break;
      case 'warned':
        await this.outbox.record(tx, contract.requestSlaWarned, sla, caller);
        break;
      case 'breached':
        await this.outbox.record(tx, contract.requestSlaBreached, sla, caller);
        break;
      case 'expired':
        await this.outbox.record(tx, contract.requestExpired, identity, caller);
        break;
      case 'cancelled':
        await this.outbox.record(tx, contract.requestCancelled, { ...identity, reason: fact.reason }, caller);
        break;
      case 'decided':
        await this.#tellDecided(tx, row, caller);
    }
  }

  async #tellDecided(tx: Tx, row: RequestRow, caller: Caller): Promise<void> {
    const { decision, reason, edits, response, decidedDigest, escalation, version } = row;
    if (decision === null) return;
    const decided = {
      ...identityOf(row),
      decision,
      ...(reason === null ? {} : { reason }),
      ...(edits === null ? {} : { edits }),
      ...(response === null ? {} : { response }),
      ...(decidedDigest === null ? {} : { actionDigest: decidedDigest }),
      decidedBy: { type: caller.principal.type, id: caller.principal.id },
      secondsToDecision: waitedMs(row) / 1000,
      version,
    };
    await this.outbox.record(tx, contract.requestDecided, decided, caller);
    if (escalation === null) return;
    const { requestId, runId, agentId } = row;
    await this.outbox.record(tx, contract.escalationResolved, { requestId, runId, agentId, ...escalation, decision }, caller);
  }

  async #count(tx: Tx, row: RequestRow, fact: Fact): Promise<void> {
    const { tenantId, type, status } = row;
    if (fact.kind === 'breached') return this.totals.breach(tx, tenantId);
    if (fact.kind !== 'decided' && fact.kind !== 'expired' && fact.kind !== 'cancelled') return;
    await this.totals.close(tx, tenantId, { status, type, decisionMs: fact.kind === 'decided' ? waitedMs(row) : 0 });
  }
}

function found(row: RequestRow | undefined): RequestRow {
  if (row === undefined) throw new DomainError('request_not_found');
  return row;
}

function identityOf({ requestId, runId, agentId, type, priority }: NewRequest) {
  return { requestId, runId, agentId, type, priority };
}

function firstDue({ slaWarnAt, expiresAt }: NewRequest): Date {
  return expiresAt !== null && expiresAt < slaWarnAt ? expiresAt : slaWarnAt;
}

function waitedMs({ createdAt, closedAt }: RequestRow): number {
  return Math.max(0, (closedAt ?? createdAt).getTime() - createdAt.getTime());
}

/** What happens by itself is nobody's doing, also when it comes to light while somebody does something else. */
function actingIn(fact: Fact, { tenantId, correlationId }: RequestRow, caller: Caller): Caller {
  const byItself =
    ['warned', 'breached', 'expired'].includes(fact.kind) || (fact.kind === 'released' && fact.how === 'lease_expired');
  return byItself ? serviceCaller('hitl', correlationId, tenantId) : caller;
}

/** The digest of the action that may be executed now: nothing but an approval or an edit allows one. */
function digestOfDecided({ action, decision, edits, tenantId, runId, expiresAt, decidedDigest }: RequestRow): string | null {
  if (action === null || decision === null) return decidedDigest;
  if (decision === 'approve') return action.digest;
  if (decision !== 'edit' || edits === null) return null;
  const { tool, toolVersion } = action;
  return digestOf({ tool, toolVersion, arguments: edits, tenantId, runId, expiresAt: expiresAt?.toISOString() });
}
