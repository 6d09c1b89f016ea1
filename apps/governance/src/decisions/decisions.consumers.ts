import { Controller } from '@nestjs/common';
import { apiKeyCreated, apiKeyRevoked, apiKeyRotated, tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { DecisionsService } from './decisions.service.js';

/** Hears of API keys, and of deleted tenants. */
@Controller()
export class DecisionsConsumers {
  constructor(private readonly decisions: DecisionsService) {}

  @Consumes(apiKeyCreated, { durable: 'decisions' })
  keyMade(delivery: Delivery<typeof apiKeyCreated>): Promise<void> {
    return this.decisions.keyMade(delivery);
  }

  @Consumes(apiKeyRevoked, { durable: 'decisions' })
  keyRevoked(delivery: Delivery<typeof apiKeyRevoked>): Promise<void> {
    return this.decisions.keyRevoked(delivery);
  }

  @Consumes(apiKeyRotated, { durable: 'decisions' })
  keyRotated(delivery: Delivery<typeof apiKeyRotated>): Promise<void> {
    return this.decisions.keyRotated(delivery);
  }

  @Consumes(tenantDeleted, { durable: 'decisions' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.decisions.removeAll(delivery);
  }
}
