import { Controller } from '@nestjs/common';
import type { Caller, InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import { Answers } from '@support101/messaging';
import { RunsService } from './runs.service.js';

@Controller()
export class RunsHandlers {
  constructor(private readonly runs: RunsService) {}

  @Answers(contract.listRuns)
  list(input: InputOf<typeof contract.listRuns>, caller: TenantCaller): Promise<OutputOf<typeof contract.listRuns>> {
    return this.runs.list(input, caller);
  }

  @Answers(contract.getRun)
  get(input: InputOf<typeof contract.getRun>, caller: TenantCaller): Promise<contract.Run> {
    return this.runs.get(input.runId, caller);
  }

  @Answers(contract.listRunSteps)
  steps(input: InputOf<typeof contract.listRunSteps>, caller: TenantCaller): Promise<OutputOf<typeof contract.listRunSteps>> {
    return this.runs.steps(input, caller);
  }

  @Answers(contract.traceRun)
  trace(input: InputOf<typeof contract.traceRun>, caller: Caller): Promise<OutputOf<typeof contract.traceRun>> {
    return this.runs.trace(input.runId, caller);
  }

  @Answers(contract.cancelRun)
  cancel(input: InputOf<typeof contract.cancelRun>, caller: TenantCaller): Promise<contract.Run> {
    return this.runs.cancel(input, caller);
  }
}
