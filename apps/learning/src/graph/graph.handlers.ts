import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/learning';
import { Answers } from '@support101/messaging';
import { GraphService } from './graph.service.js';

/** Answers what is asked of the graph. */
@Controller()
export class GraphHandlers {
  constructor(private readonly graph: GraphService) {}

  @Answers(contract.customerJourney)
  journey(
    input: InputOf<typeof contract.customerJourney>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.customerJourney>> {
    return this.graph.journey(input, caller);
  }

  @Answers(contract.similarResolutions)
  similar(
    input: InputOf<typeof contract.similarResolutions>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.similarResolutions>> {
    return this.graph.similar(input, caller);
  }

  @Answers(contract.graphStats)
  stats(_input: InputOf<typeof contract.graphStats>, caller: TenantCaller): Promise<OutputOf<typeof contract.graphStats>> {
    return this.graph.stats(caller);
  }
}
