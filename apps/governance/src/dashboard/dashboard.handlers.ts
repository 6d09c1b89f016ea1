import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { Answers } from '@support101/messaging';
import { DashboardService } from './dashboard.service.js';

/** Answers what the dashboard shows. */
@Controller()
export class DashboardHandlers {
  constructor(private readonly dashboard: DashboardService) {}

  @Answers(contract.getDashboard)
  get(_input: object, caller: TenantCaller): Promise<OutputOf<typeof contract.getDashboard>> {
    return this.dashboard.get(caller);
  }

  @Answers(contract.listActiveAgents)
  activeAgents(
    input: InputOf<typeof contract.listActiveAgents>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.listActiveAgents>> {
    return this.dashboard.activeAgents(input, caller);
  }

  @Answers(contract.governanceStats)
  stats(_input: object, caller: TenantCaller): Promise<OutputOf<typeof contract.governanceStats>> {
    return this.dashboard.stats(caller);
  }
}
