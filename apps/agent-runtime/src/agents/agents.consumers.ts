import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { AgentsService } from './agents.service.js';

/** Hears of deleted tenants. */
@Controller()
export class AgentsConsumers {
  constructor(private readonly agents: AgentsService) {}

  @Consumes(tenantDeleted, { durable: 'agents' })
  onTenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.agents.removeAll(delivery);
  }
}
