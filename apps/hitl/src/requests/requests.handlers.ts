import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Answers } from '@support101/messaging';
import { RequestsService } from './requests.service.js';

/** Answers what is asked about requests, and takes decisions. */
@Controller()
export class RequestsHandlers {
  constructor(private readonly requests: RequestsService) {}

  @Answers(contract.listRequests)
  list(input: InputOf<typeof contract.listRequests>, caller: TenantCaller): Promise<OutputOf<typeof contract.listRequests>> {
    return this.requests.list(input, caller);
  }

  @Answers(contract.getRequest)
  get({ requestId }: InputOf<typeof contract.getRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    return this.requests.get(requestId, caller);
  }

  @Answers(contract.respondToRequest)
  respond(input: InputOf<typeof contract.respondToRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    return this.requests.respond(input, caller);
  }

  @Answers(contract.cancelRequest)
  cancel(input: InputOf<typeof contract.cancelRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    return this.requests.cancel(input, caller);
  }

  @Answers(contract.hitlStats)
  stats(_input: InputOf<typeof contract.hitlStats>, caller: TenantCaller): Promise<OutputOf<typeof contract.hitlStats>> {
    return this.requests.stats(caller);
  }
}
