import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { ApiKeysService } from './api-keys.service.js';

/** Hears of deleted tenants. */
@Controller()
export class ApiKeysConsumers {
  constructor(private readonly keys: ApiKeysService) {}

  @Consumes(tenantDeleted, { durable: 'api-keys' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.keys.removeAll(delivery);
  }
}
