import { Controller } from '@nestjs/common';
import type { InputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Answers } from '@support101/messaging';
import { EscalationsService } from './escalations.service.js';

/** Takes escalations. */
@Controller()
export class EscalationsHandlers {
  constructor(private readonly escalations: EscalationsService) {}

  @Answers(contract.escalate)
  raise(input: InputOf<typeof contract.escalate>, caller: TenantCaller): Promise<contract.HitlRequest> {
    return this.escalations.raise(input, caller);
  }
}
