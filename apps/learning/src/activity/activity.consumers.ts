import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, ConsumesAll, type Delivery } from '@support101/messaging';
import { ActivityService } from './activity.service.js';

/** Hears of everything, and keeps what belongs in the list. */
@Controller()
export class ActivityConsumers {
  constructor(private readonly activity: ActivityService) {}

  @ConsumesAll({ durable: 'activity', concurrency: 20 })
  any(delivery: Delivery): Promise<void> {
    return this.activity.keep(delivery);
  }

  @Consumes(tenantDeleted, { durable: 'activity-end' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.activity.forget(delivery);
  }
}
