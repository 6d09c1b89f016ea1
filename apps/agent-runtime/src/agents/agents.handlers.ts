import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/agent-runtime';
import { Answers } from '@support101/messaging';
import { AgentsPlacesService } from './agents-places.service.js';
import { AgentsService } from './agents.service.js';

@Controller()
export class AgentsHandlers {
  constructor(
    private readonly agents: AgentsService,
    private readonly places: AgentsPlacesService,
  ) {}

  @Answers(contract.createAgent)
  create(input: InputOf<typeof contract.createAgent>, caller: TenantCaller): Promise<contract.Agent> {
    return this.places.create(input, caller);
  }

  @Answers(contract.listAgents)
  list(input: InputOf<typeof contract.listAgents>, caller: TenantCaller): Promise<OutputOf<typeof contract.listAgents>> {
    return this.agents.list(input, caller);
  }

  @Answers(contract.getAgent)
  get(input: InputOf<typeof contract.getAgent>, caller: TenantCaller): Promise<contract.Agent> {
    return this.agents.get(input.agentId, caller);
  }

  @Answers(contract.updateAgent)
  update(input: InputOf<typeof contract.updateAgent>, caller: TenantCaller): Promise<contract.Agent> {
    return this.agents.update(input, caller);
  }

  @Answers(contract.deleteAgent)
  async delete(input: InputOf<typeof contract.deleteAgent>, caller: TenantCaller): Promise<Record<string, never>> {
    await this.agents.delete(input.agentId, caller);
    return {};
  }

  @Answers(contract.agentStats)
  stats(_input: InputOf<typeof contract.agentStats>, caller: TenantCaller): Promise<OutputOf<typeof contract.agentStats>> {
    return this.agents.stats(caller);
  }

  @Answers(contract.countAgents)
  count(input: InputOf<typeof contract.countAgents>): Promise<OutputOf<typeof contract.countAgents>> {
    return this.agents.count(input.tenantId);
  }
}
