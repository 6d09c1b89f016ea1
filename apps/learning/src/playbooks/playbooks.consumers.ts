import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { PlaybooksService } from './playbooks.service.js';

/** What other services’ facts mean for the playbooks. */
@Controller()
export class PlaybooksConsumers {
  constructor(private readonly playbooks: PlaybooksService) {}

  @Consumes(tenantDeleted, { durable: 'playbooks' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.playbooks.forget(delivery);
  }
}
