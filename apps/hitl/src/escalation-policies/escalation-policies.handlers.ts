import { Controller } from '@nestjs/common';
import type { Caller, InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Answers } from '@support101/messaging';
import { EscalationPoliciesService } from './escalation-policies.service.js';

/** Answers what is asked about escalation policies. */
@Controller()
export class EscalationPoliciesHandlers {
  constructor(private readonly policies: EscalationPoliciesService) {}

  @Answers(contract.createEscalationPolicy)
  create(input: InputOf<typeof contract.createEscalationPolicy>, caller: TenantCaller): Promise<contract.EscalationPolicy> {
    return this.policies.create(input, caller);
  }

  @Answers(contract.listEscalationPolicies)
  list(
    input: InputOf<typeof contract.listEscalationPolicies>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.listEscalationPolicies>> {
    return this.policies.list(input, caller);
  }

  @Answers(contract.getEscalationPolicy)
  get({ policyId }: InputOf<typeof contract.getEscalationPolicy>, caller: TenantCaller): Promise<contract.EscalationPolicy> {
    return this.policies.get(policyId, caller);
  }

  @Answers(contract.updateEscalationPolicy)
  update(input: InputOf<typeof contract.updateEscalationPolicy>, caller: TenantCaller): Promise<contract.EscalationPolicy> {
    return this.policies.update(input, caller);
  }

  @Answers(contract.deleteEscalationPolicy)
  async delete(
    { policyId }: InputOf<typeof contract.deleteEscalationPolicy>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.deleteEscalationPolicy>> {
    await this.policies.delete(policyId, caller);
    return {};
  }

  @Answers(contract.escalationPolicyOf)
  applying(
    { tenantId }: InputOf<typeof contract.escalationPolicyOf>,
    _caller: Caller,
  ): Promise<OutputOf<typeof contract.escalationPolicyOf>> {
    return this.policies.applying(tenantId);
  }
}
