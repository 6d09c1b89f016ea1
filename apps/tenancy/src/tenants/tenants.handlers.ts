import { Controller } from '@nestjs/common';
import type { Caller, InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/tenancy';
import { Answers } from '@support101/messaging';
import { TenantsService } from './tenants.service.js';

/** Answers what is asked about tenants and their limits. */
@Controller()
export class TenantsHandlers {
  constructor(private readonly tenants: TenantsService) {}

  @Answers(contract.createTenant)
  create(input: InputOf<typeof contract.createTenant>, caller: Caller): Promise<contract.Tenant> {
    return this.tenants.create(input, caller);
  }

  @Answers(contract.listTenants)
  list(input: InputOf<typeof contract.listTenants>): Promise<OutputOf<typeof contract.listTenants>> {
    return this.tenants.list(input);
  }

  @Answers(contract.getTenant)
  get(input: InputOf<typeof contract.getTenant>): Promise<contract.Tenant> {
    return this.tenants.get(input.tenantId);
  }

  @Answers(contract.updateTenant)
  update(input: InputOf<typeof contract.updateTenant>, caller: TenantCaller): Promise<contract.Tenant> {
    return this.tenants.update(input, caller);
  }

  @Answers(contract.deleteTenant)
  async delete(input: InputOf<typeof contract.deleteTenant>, caller: Caller): Promise<OutputOf<typeof contract.deleteTenant>> {
    await this.tenants.delete(input, caller);
    return {};
  }

  @Answers(contract.activateTenant)
  activate(input: InputOf<typeof contract.activateTenant>, caller: Caller): Promise<contract.Tenant> {
    return this.tenants.activate(input, caller);
  }

  @Answers(contract.suspendTenant)
  suspend(input: InputOf<typeof contract.suspendTenant>, caller: Caller): Promise<contract.Tenant> {
    return this.tenants.suspend(input, caller);
  }

  @Answers(contract.deactivateTenant)
  deactivate(input: InputOf<typeof contract.deactivateTenant>, caller: Caller): Promise<contract.Tenant> {
    return this.tenants.deactivate(input, caller);
  }

  @Answers(contract.tenantsOverview)
  overview(_input: InputOf<typeof contract.tenantsOverview>, caller: Caller): Promise<OutputOf<typeof contract.tenantsOverview>> {
    return this.tenants.overview(caller);
  }

  @Answers(contract.setTenantLimits)
  setLimits(input: InputOf<typeof contract.setTenantLimits>, caller: Caller): Promise<contract.Tenant> {
    return this.tenants.setLimits(input, caller);
  }
}
