import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf, ServiceDatabase } from '@support101/service-kit';
import { CalendarsService } from '../calendars/calendars.service.js';
import { type SlaPolicyRow, SlaRepository } from './sla.repository.js';
import { minutesOf, spansOf } from './sla.rules.js';

/** From when a request counts, when its people are warned, and until when it is to be decided. */
export interface Terms {
  readonly createdAt: Date;
  readonly slaWarnAt: Date;
  readonly slaDeadline: Date;
}

/** SLA policies, and the terms that follow from them. */
@Injectable()
export class SlaService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly policies: SlaRepository,
    private readonly calendars: CalendarsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  create(input: InputOf<typeof contract.createSlaPolicy>, caller: TenantCaller): Promise<contract.SlaPolicy> {
    const { tenantId } = caller;
    const policyId = newId('pol');
    return this.database.once(contract.createSlaPolicy, input, caller, async (tx) => {
      const { name, calendarId = null } = input;
      if (calendarId !== null) await this.calendars.require(tx, tenantId, calendarId);
      const row = { tenantId, policyId, name, calendarId, minutes: minutesOf(input.minutes), createdAt: this.clock.now() };
      await this.policies.insert(tx, row);
      await this.outbox.record(tx, contract.slaPolicyCreated, { policyId, name, minutes: row.minutes, calendarId }, caller);
      return toPolicy(row, await this.policies.newest(tx, tenantId));
    });
  }

  get(policyId: contract.PolicyId, { tenantId }: TenantCaller): Promise<contract.SlaPolicy> {
    return this.database.forTenant(tenantId, async (tx) => {
      const row = found(await this.policies.find(tx, tenantId, policyId));
      return toPolicy(row, await this.policies.newest(tx, tenantId));
    });
  }

  list(
    { cursor, limit }: InputOf<typeof contract.listSlaPolicies>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listSlaPolicies>> {
    const before = keyOfCursor(contract.PolicyId, cursor);
    return this.database.forTenant(tenantId, async (tx) => {
      const rows = await this.policies.list(tx, tenantId, before, limit + 1);
      const newest = await this.policies.newest(tx, tenantId);
      return pageOf(
        rows,
        limit,
        ({ policyId }) => policyId,
        (row) => toPolicy(row, newest),
      );
    });
  }

  delete(policyId: contract.PolicyId, caller: TenantCaller): Promise<void> {
    const { tenantId } = caller;
    return this.database.forTenant(tenantId, async (tx) => {
      const { name } = found(await this.policies.remove(tx, tenantId, policyId));
      await this.outbox.record(tx, contract.slaPolicyDeleted, { policyId, name }, caller);
    });
  }

  /** The terms of a request of this priority that is opened now. */
  async terms(tx: Tx, tenantId: TenantId, priority: contract.RequestPriority): Promise<Terms> {
    const policy = await this.policies.newest(tx, tenantId);
    const { warnMs, deadlineMs } = spansOf(policy?.minutes ?? contract.defaultSlaMinutes, priority);
    const createdAt = this.clock.now();
    const calendarId = policy?.calendarId ?? null;
    const [slaWarnAt = createdAt, slaDeadline = createdAt] = await this.calendars.after(tx, tenantId, calendarId, createdAt, [
      warnMs,
      deadlineMs,
    ]);
    return { createdAt, slaWarnAt, slaDeadline };
  }
}

function found(row: SlaPolicyRow | undefined): SlaPolicyRow {
  if (row === undefined) throw new DomainError('policy_not_found');
  return row;
}

function toPolicy(row: SlaPolicyRow, newest: SlaPolicyRow | undefined): contract.SlaPolicy {
  return { ...row, applies: row.policyId === newest?.policyId, createdAt: row.createdAt.toISOString() };
}
