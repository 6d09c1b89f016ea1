import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { KnowledgeService } from './knowledge.service.js';

/** What other services' facts mean for the articles. */
@Controller()
export class KnowledgeConsumers {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Consumes(tenantDeleted, { durable: 'knowledge' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.knowledge.forget(delivery);
  }
}
