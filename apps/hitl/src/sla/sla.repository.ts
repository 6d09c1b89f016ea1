import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { CalendarId, PolicyId, SlaMinutes } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { rowsById } from '../platform/rows-by-id.js';

/** An SLA policy’s row. */
export interface SlaPolicyRow {
  readonly tenantId: TenantId;
  readonly policyId: PolicyId;
  readonly name: string;
  readonly minutes: SlaMinutes;
  readonly calendarId: CalendarId | null;
  readonly createdAt: Date;
}

const columns = `tenant_id as "tenantId", policy_id as "policyId", name, minutes, calendar_id as "calendarId", created_at as "createdAt"`;

const rows = rowsById<SlaPolicyRow, PolicyId>('sla_policies', 'policy_id', columns);

/** SLA policies in the database. */
@Injectable()
export class SlaRepository {
  readonly find = rows.find;
  readonly list = rows.list;
  readonly remove = rows.remove;

  async insert(tx: Tx, policy: SlaPolicyRow): Promise<void> {
    const { tenantId, policyId, name, minutes, calendarId, createdAt } = policy;
    await tx.query(
      'insert into sla_policies (tenant_id, policy_id, name, minutes, calendar_id, created_at) values ($1, $2, $3, $4, $5, $6)',
      [tenantId, policyId, name, JSON.stringify(minutes), calendarId, createdAt],
    );
  }

  /** The newest one, which is the one that applies. */
  async newest(tx: Tx, tenantId: TenantId): Promise<SlaPolicyRow | undefined> {
    const text = `select ${columns} from sla_policies where tenant_id = $1 order by policy_id desc limit 1`;
    const [row] = await tx.query<SlaPolicyRow>(text, [tenantId], 'sla-newest');
    return row;
  }
}
