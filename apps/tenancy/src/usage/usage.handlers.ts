import { Controller } from '@nestjs/common';
import type { Caller, InputOf, OutputOf } from '@support101/contracts';
import * as contract from '@support101/contracts/tenancy';
import { Answers } from '@support101/messaging';
import { UsageService } from './usage.service.js';

/** Answers what a tenant may have and uses, and gives out places under its limits. */
@Controller()
export class UsageHandlers {
  constructor(private readonly usage: UsageService) {}

  @Answers(contract.tenantLimits)
  limits(input: InputOf<typeof contract.tenantLimits>): Promise<OutputOf<typeof contract.tenantLimits>> {
    return this.usage.limits(input.tenantId);
  }

  @Answers(contract.reserveUsage)
  reserve(input: InputOf<typeof contract.reserveUsage>, caller: Caller): Promise<OutputOf<typeof contract.reserveUsage>> {
    return this.usage.reserve(input, caller);
  }

  @Answers(contract.releaseUsage)
  async release(input: InputOf<typeof contract.releaseUsage>, caller: Caller): Promise<OutputOf<typeof contract.releaseUsage>> {
    await this.usage.release(input, caller);
    return {};
  }

  @Answers(contract.getUsage)
  get(input: InputOf<typeof contract.getUsage>): Promise<contract.TenantUsage> {
    return this.usage.get(input);
  }
}
