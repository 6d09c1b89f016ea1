import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { SourcesService } from './sources.service.js';

/** Hears of deleted tenants. */
@Controller()
export class SourcesConsumers {
  constructor(private readonly sources: SourcesService) {}

  @Consumes(tenantDeleted, { durable: 'sources' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.sources.removeAll(delivery);
  }
}
