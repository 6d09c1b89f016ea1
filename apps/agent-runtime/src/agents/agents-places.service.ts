import { Injectable } from '@nestjs/common';
import type { InputOf, TenantCaller } from '@support101/contracts';
import type { Agent, createAgent } from '@support101/contracts/agent-runtime';
import { newId } from '@support101/service-kit';
import { TenantsService } from '../tenants/tenants.service.js';
import { AgentsService } from './agents.service.js';

/** Makes agents while the tenant has places for them. */
@Injectable()
export class AgentsPlacesService {
  constructor(
    private readonly tenants: TenantsService,
    private readonly agents: AgentsService,
  ) {}

  create(input: InputOf<typeof createAgent>, caller: TenantCaller): Promise<Agent> {
    const id = newId('agt');
    const make = (usePlace: () => void) => this.agents.create(input, caller, { id, usePlace });
    return this.tenants.withPlace({ limit: 'agents', holder: id }, caller, make);
  }
}
