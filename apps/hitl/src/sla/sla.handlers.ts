import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Answers } from '@support101/messaging';
import { SlaService } from './sla.service.js';

/** Answers what is asked about SLA policies. */
@Controller()
export class SlaHandlers {
  constructor(private readonly sla: SlaService) {}

  @Answers(contract.createSlaPolicy)
  create(input: InputOf<typeof contract.createSlaPolicy>, caller: TenantCaller): Promise<contract.SlaPolicy> {
    return this.sla.create(input, caller);
  }

  @Answers(contract.listSlaPolicies)
  list(
    input: InputOf<typeof contract.listSlaPolicies>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.listSlaPolicies>> {
    return this.sla.list(input, caller);
  }

  @Answers(contract.getSlaPolicy)
  get({ policyId }: InputOf<typeof contract.getSlaPolicy>, caller: TenantCaller): Promise<contract.SlaPolicy> {
    return this.sla.get(policyId, caller);
  }

  @Answers(contract.deleteSlaPolicy)
  async delete(
    { policyId }: InputOf<typeof contract.deleteSlaPolicy>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.deleteSlaPolicy>> {
    await this.sla.delete(policyId, caller);
    return {};
  }
}
