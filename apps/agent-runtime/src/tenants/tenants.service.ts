import { Injectable } from '@nestjs/common';
import {
  DomainError,
  isDomainError,
  serviceCaller,
  type OutputOf,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import { tenantLimits } from '@support101/contracts/tenancy';
import { CommandClient } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { mayUse, standing } from './tenants.rules.js';

type Standing = OutputOf<typeof tenantLimits>;

interface Known {
  readonly tenant: Standing;
  readonly at: Date;
}

/** What tenancy says about a tenant, remembered for a short while. */
@Injectable()
export class TenantsService {
  readonly #known = new Map<TenantId, Known>();

  constructor(
    private readonly client: CommandClient,
    private readonly clock: Clock,
  ) {}

  /** Throws `tenant_inactive` unless the tenant may work now. */
  async requireActive(caller: TenantCaller): Promise<void> {
    const tenant = await this.#tenant(caller);
    if (tenant.status !== 'active') throw new DomainError('tenant_inactive', `The tenant is ${tenant.status}.`);
  }

  /** Throws `tenant_inactive`, or `blueprint_not_allowed` when the tenant may not use the blueprint. */
  async requireBlueprint(caller: TenantCaller, blueprint: string): Promise<void> {
    await this.requireActive(caller);
    const { allowedBlueprints } = await this.#tenant(caller);
    if (!mayUse(allowedBlueprints, blueprint)) {
      throw new DomainError('blueprint_not_allowed', `The tenant may not use the blueprint ${blueprint}.`);
    }
  }

  /** What was known is out of date: ask again at the next occasion. */
  forget(tenantId: TenantId): void {
    this.#known.delete(tenantId);
  }

  async #tenant({ tenantId, correlationId }: TenantCaller): Promise<Standing> {
    const known = this.#known.get(tenantId);
    const age = known === undefined ? undefined : this.clock.now().getTime() - known.at.getTime();
    if (known !== undefined && standing(age) === 'fresh') return known.tenant;
    try {
      const tenant = await this.client.call(tenantLimits, { tenantId }, serviceCaller('agent-runtime', correlationId, tenantId));
      if (this.#known.size >= 10_000) this.#known.clear();
      this.#known.set(tenantId, { tenant, at: this.clock.now() });
      return tenant;
    } catch (error) {
      if (isDomainError(error) && error.code === 'tenant_not_found')
        throw new DomainError('tenant_inactive', 'The tenant is gone.');
      // Tenancy being away for a moment does not stop those it has just let in.
      if (known !== undefined && standing(age) === 'usable' && isAway(error)) return known.tenant;
      throw error;
    }
  }
}

function isAway(error: unknown): boolean {
  return isDomainError(error) && (error.code === 'service_unavailable' || error.code === 'deadline_exceeded');
}
