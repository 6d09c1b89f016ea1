import { Controller } from '@nestjs/common';
import type { Caller, InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { Answers } from '@support101/messaging';
import { DecisionsService } from './decisions.service.js';

/** Answers who may do what. */
@Controller()
export class DecisionsHandlers {
  constructor(private readonly decisions: DecisionsService) {}

  @Answers(contract.checkPermission)
  check(
    input: InputOf<typeof contract.checkPermission>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.checkPermission>> {
    return this.decisions.check(input, caller);
  }

  @Answers(contract.resolvePermissions)
  async resolve(
    input: InputOf<typeof contract.resolvePermissions>,
    caller: Caller,
  ): Promise<OutputOf<typeof contract.resolvePermissions>> {
    return this.decisions.resolve(input, caller);
  }
}
