import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { TenantsService } from './tenants.service.js';

/** Hears of deleted tenants. */
@Controller()
export class TenantsConsumers {
  constructor(private readonly tenants: TenantsService) {}

  @Consumes(tenantDeleted, { durable: 'tenants' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.tenants.bury(delivery);
  }
}
