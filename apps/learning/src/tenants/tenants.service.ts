import { Injectable } from '@nestjs/common';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import type { Delivery } from '@support101/messaging';
import { ServiceDatabase } from '@support101/service-kit';
import { GraphService } from '../graph/graph.service.js';
import { buryTenant } from '../platform/deleted-tenants.js';

/** What becomes of deleted tenants. */
@Injectable()
export class TenantsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly graph: GraphService,
  ) {}

  /** The graph hears of the deletion too, but perhaps before the burial: what came in between is deleted here. */
  async bury(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    await buryTenant(this.database, delivery.event.tenantid);
    await this.graph.forget(delivery);
  }
}
