import { Controller } from '@nestjs/common';
import {
  limitsChanged,
  tenantActivated,
  tenantDeactivated,
  tenantDeleted,
  tenantSuspended,
  tenantUpdated,
} from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { TenantsService } from './tenants.service.js';

/** Forgets what has changed. Only this process does; the others' knowledge runs out within seconds. */
@Controller()
export class TenantsConsumers {
  constructor(private readonly tenants: TenantsService) {}

  @Consumes(tenantActivated, { durable: 'tenants' })
  async onActivated({ event }: Delivery<typeof tenantActivated>): Promise<void> {
    this.tenants.forget(event.tenantid);
  }

  @Consumes(tenantUpdated, { durable: 'tenants' })
  async onUpdated({ event }: Delivery<typeof tenantUpdated>): Promise<void> {
    this.tenants.forget(event.tenantid);
  }

  @Consumes(limitsChanged, { durable: 'tenants' })
  async onLimitsChanged({ event }: Delivery<typeof limitsChanged>): Promise<void> {
    this.tenants.forget(event.tenantid);
  }

  @Consumes(tenantSuspended, { durable: 'tenants' })
  async onSuspended({ event }: Delivery<typeof tenantSuspended>): Promise<void> {
    this.tenants.forget(event.tenantid);
  }

  @Consumes(tenantDeactivated, { durable: 'tenants' })
  async onDeactivated({ event }: Delivery<typeof tenantDeactivated>): Promise<void> {
    this.tenants.forget(event.tenantid);
  }

  @Consumes(tenantDeleted, { durable: 'tenants' })
  async onDeleted({ event }: Delivery<typeof tenantDeleted>): Promise<void> {
    this.tenants.forget(event.tenantid);
  }
}
