import { Injectable } from '@nestjs/common';
import { DomainError, type InputOf, type OutputOf, type TenantCaller, type TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Outbox } from '@support101/messaging';
import { Clock, keyOfCursor, newId, pageOf, ServiceDatabase } from '@support101/service-kit';
import { checkVersion, edited } from '../platform/edits.js';
import { EscalationPoliciesRepository, type EscalationPolicyRow } from './escalation-policies.repository.js';
import { checkRules, rulesOf } from './escalation-policies.rules.js';

/** Escalation policies: kept here, evaluated by agent-runtime. */
@Injectable()
export class EscalationPoliciesService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly policies: EscalationPoliciesRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  create(input: InputOf<typeof contract.createEscalationPolicy>, caller: TenantCaller): Promise<contract.EscalationPolicy> {
    const { tenantId } = caller;
    const policyId = newId('pol');
    checkRules(input.rules);
    return this.database.once(contract.createEscalationPolicy, input, caller, async (tx) => {
      const { name, description = null, rules, enabled } = input;
      const columns = { tenantId, policyId, name, description, rules, enabled, createdAt: this.clock.now() };
      const row = await this.policies.insert(tx, columns);
      const fact = { policyId, name, enabled, rules: rules.map((rule) => rule.name) };
      await this.outbox.record(tx, contract.escalationPolicyCreated, fact, caller);
      return toPolicy(row, await this.policies.applying(tx, tenantId));
    });
  }

  get(policyId: contract.PolicyId, { tenantId }: TenantCaller): Promise<contract.EscalationPolicy> {
    return this.database.forTenant(tenantId, async (tx) => {
      const row = found(await this.policies.find(tx, tenantId, policyId));
      return toPolicy(row, await this.policies.applying(tx, tenantId));
    });
  }

  list(
    { cursor, limit }: InputOf<typeof contract.listEscalationPolicies>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof contract.listEscalationPolicies>> {
    const before = keyOfCursor(contract.PolicyId, cursor);
    return this.database.forTenant(tenantId, async (tx) => {
      const rows = await this.policies.list(tx, tenantId, before, limit + 1);
      const applying = await this.policies.applying(tx, tenantId);
      return pageOf(
        rows,
        limit,
        ({ policyId }) => policyId,
        (row) => toPolicy(row, applying),
      );
    });
  }

  update(input: InputOf<typeof contract.updateEscalationPolicy>, caller: TenantCaller): Promise<contract.EscalationPolicy> {
    const { tenantId } = caller;
    if (input.rules !== undefined) checkRules(input.rules);
    return this.database.forTenant(tenantId, async (tx) => {
      const row = found(await this.policies.findForUpdate(tx, tenantId, input.policyId));
      checkVersion(row.version, input.expectedVersion);
      const { after, changed } = edited(row, input, ['name', 'description', 'rules', 'enabled']);
      if (changed.length === 0) return toPolicy(row, await this.policies.applying(tx, tenantId));
      const saved = await this.policies.save(tx, after, this.clock.now());
      const { policyId, name, enabled } = saved;
      await this.outbox.record(tx, contract.escalationPolicyUpdated, { policyId, name, enabled, changed }, caller);
      return toPolicy(saved, await this.policies.applying(tx, tenantId));
    });
  }

  delete(policyId: contract.PolicyId, caller: TenantCaller): Promise<void> {
    const { tenantId } = caller;
    return this.database.forTenant(tenantId, async (tx) => {
      const { name } = found(await this.policies.remove(tx, tenantId, policyId));
      await this.outbox.record(tx, contract.escalationPolicyDeleted, { policyId, name }, caller);
    });
  }

  /** The rules that apply to the tenant now. */
  async applying(tenantId: TenantId): Promise<OutputOf<typeof contract.escalationPolicyOf>> {
    const policy = await this.database.forTenant(tenantId, (tx) => this.policies.applying(tx, tenantId));
    return { policyId: policy?.policyId ?? null, rules: rulesOf(policy) };
  }
}

function found(row: EscalationPolicyRow | undefined): EscalationPolicyRow {
  if (row === undefined) throw new DomainError('policy_not_found');
  return row;
}

function toPolicy(row: EscalationPolicyRow, applying: EscalationPolicyRow | undefined): contract.EscalationPolicy {
  return {
    ...row,
    rules: [...row.rules],
    applies: row.policyId === applying?.policyId,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
