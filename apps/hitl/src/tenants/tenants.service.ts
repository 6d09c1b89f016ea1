import { Injectable } from '@nestjs/common';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import type { Delivery } from '@support101/messaging';
import { ServiceDatabase } from '@support101/service-kit';
import { TenantsRepository } from './tenants.repository.js';

/** What becomes of a tenant's rows. */
@Injectable()
export class TenantsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly tenants: TenantsRepository,
  ) {}

  /** Leaves nothing of a deleted tenant. A timer that is still set finds its request gone. */
  remove(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.database.onceDelivered(delivery, (tx) => this.tenants.removeAll(tx, delivery.event.tenantid));
  }
}
