import { Injectable } from '@nestjs/common';
import type { TenantId } from '@support101/contracts';
import type { EscalationRule, PolicyId } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { rowsById } from '../platform/rows-by-id.js';

/** An escalation policy’s row. */
export interface EscalationPolicyRow {
  readonly tenantId: TenantId;
  readonly policyId: PolicyId;
  readonly name: string;
  readonly description: string | null;
  readonly rules: readonly EscalationRule[];
  readonly enabled: boolean;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `tenant_id as "tenantId", policy_id as "policyId", name, description, rules, enabled, version,
  created_at as "createdAt", updated_at as "updatedAt"`;

const rows = rowsById<EscalationPolicyRow, PolicyId>('escalation_policies', 'policy_id', columns);

/** Escalation policies in the database. */
@Injectable()
export class EscalationPoliciesRepository {
  readonly find = rows.find;
  readonly findForUpdate = rows.findForUpdate;
  readonly list = rows.list;
  readonly remove = rows.remove;

  async insert(tx: Tx, policy: Omit<EscalationPolicyRow, 'version' | 'updatedAt'>): Promise<EscalationPolicyRow> {
    const { tenantId, policyId, name, description, rules, enabled, createdAt } = policy;
    const [row] = await tx.query<EscalationPolicyRow>(
      `insert into escalation_policies (tenant_id, policy_id, name, description, rules, enabled, version, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, 1, $7, $7) returning ${columns}`,
      [tenantId, policyId, name, description, JSON.stringify(rules), enabled, createdAt],
    );
    return row as EscalationPolicyRow;
  }

  /** The newest enabled one, which is the one that applies. */
  async applying(tx: Tx, tenantId: TenantId): Promise<EscalationPolicyRow | undefined> {
    const text = `select ${columns} from escalation_policies where tenant_id = $1 and enabled order by policy_id desc limit 1`;
    const [row] = await tx.query<EscalationPolicyRow>(text, [tenantId], 'escalation-policies-applying');
    return row;
  }

  /** Writes the policy as its next version. */
  async save(tx: Tx, policy: EscalationPolicyRow, at: Date): Promise<EscalationPolicyRow> {
    const { tenantId, policyId, name, description, rules, enabled } = policy;
    const [row] = await tx.query<EscalationPolicyRow>(
      `update escalation_policies set name = $3, description = $4, rules = $5, enabled = $6, updated_at = $7, version = version + 1
       where tenant_id = $1 and policy_id = $2 returning ${columns}`,
      [tenantId, policyId, name, description, JSON.stringify(rules), enabled, at],
    );
    return row as EscalationPolicyRow;
  }
}
