import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import { executeAgent, getAgentState, type Run } from '@support101/contracts/agent-runtime';
import { Answers } from '@support101/messaging';
import { DispatchService } from './dispatch.service.js';

@Controller()
export class DispatchHandlers {
  constructor(private readonly dispatch: DispatchService) {}

  @Answers(executeAgent)
  start(input: InputOf<typeof executeAgent>, caller: TenantCaller): Promise<Run> {
    return this.dispatch.start(input, caller);
  }

  @Answers(getAgentState)
  state(input: InputOf<typeof getAgentState>, caller: TenantCaller): Promise<OutputOf<typeof getAgentState>> {
    return this.dispatch.state(input, caller);
  }
}
