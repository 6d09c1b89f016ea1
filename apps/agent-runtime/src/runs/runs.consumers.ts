import { Controller } from '@nestjs/common';
import { tenantDeactivated, tenantDeleted, tenantSuspended } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { RunsService } from './runs.service.js';

/** Hears that a tenant may not work any more. */
@Controller()
export class RunsConsumers {
  constructor(private readonly runs: RunsService) {}

  @Consumes(tenantSuspended, { durable: 'runs' })
  onTenantSuspended(delivery: Delivery<typeof tenantSuspended>): Promise<void> {
    return this.runs.stopTenant(delivery);
  }

  @Consumes(tenantDeactivated, { durable: 'runs' })
  onTenantDeactivated(delivery: Delivery<typeof tenantDeactivated>): Promise<void> {
    return this.runs.stopTenant(delivery);
  }

  @Consumes(tenantDeleted, { durable: 'runs' })
  onTenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.runs.dropTenant(delivery);
  }
}
