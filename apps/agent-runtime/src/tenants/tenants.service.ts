import { Injectable } from '@nestjs/common';
import {
  DomainError,
  isDomainError,
  serviceCaller,
  type OutputOf,
  type TenantCaller,
  type TenantId,
} from '@support101/contracts';
import { releaseUsage, reserveUsage, tenantLimits, type ReservableLimit } from '@support101/contracts/tenancy';
import { CommandClient } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { mayUse, standing } from './tenants.rules.js';

type Standing = OutputOf<typeof tenantLimits>;

/** A place under one of the tenant's limits, for the record that is about to be made. */
export interface Place {
  readonly limit: ReservableLimit;
  readonly holder: string;
}

interface Known {
  readonly tenant: Standing;
  readonly at: Date;
}

/** How long a place is held for a record that is not made yet. */
const leaseSeconds = 60;
/** How long tenancy may take to answer before it counts as away, in milliseconds. */
const patienceMs = 2_000;

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
    await this.#active(caller);
  }

  /** How many runs the tenant may have queued or at work; throws `tenant_inactive` unless it may work now. */
  async concurrentExecutions(caller: TenantCaller): Promise<number> {
    return (await this.#active(caller)).limits.maxConcurrentExecutions;
  }

  /** Throws `tenant_inactive`, or `blueprint_not_allowed` when the tenant may not use the blueprint. */
  async requireBlueprint(caller: TenantCaller, blueprint: string): Promise<void> {
    const { allowedBlueprints } = await this.#active(caller);
    if (!mayUse(allowedBlueprints, blueprint)) {
      throw new DomainError('blueprint_not_allowed', `The tenant may not use the blueprint ${blueprint}.`);
    }
  }

  /**
   * Runs `run` with a place for the record that it makes. `run` calls `usePlace` where it makes the record, which throws
   * `limit_exceeded` when there is no place: a repeated request, which is answered as before, needs none. The place is
   * given back when no record was made. It is a short lease: tenancy keeps it when it hears of the record, so that nothing
   * is lost for long with a process that is killed here.
   */
  async withPlace<T>(place: Place, caller: TenantCaller, run: (usePlace: () => void) => Promise<T>): Promise<T> {
    const refusal = await this.#reserve(place, caller);
    let used = false;
    const usePlace = (): void => {
      if (refusal !== undefined) throw refusal;
      used = true;
    };
    try {
      return await run(usePlace);
    } catch (error) {
      used = false;
      throw error;
    } finally {
      if (!used && refusal === undefined) await this.#release(place, caller);
    }
  }

  /** What was known is out of date: ask again at the next occasion. */
  forget(tenantId: TenantId): void {
    this.#known.delete(tenantId);
  }

  /** Why there is no place; undefined when there is one, or when tenancy is away for a moment and nobody can be asked. */
  async #reserve(place: Place, { tenantId, correlationId }: TenantCaller): Promise<DomainError | undefined> {
    const caller = serviceCaller('agent-runtime', correlationId, tenantId);
    try {
      await this.client.call(reserveUsage, { ...place, ttlSeconds: leaseSeconds }, caller, { timeoutMs: patienceMs });
      return undefined;
    } catch (error) {
      if (isAway(error)) return undefined;
      if (isDomainError(error) && error.code === 'tenant_not_found')
        return new DomainError('tenant_inactive', 'The tenant is gone.');
      if (isDomainError(error)) return error;
      throw error;
    }
  }

  /** A place that cannot be given back now is free when its lease ends. */
  async #release(place: Place, { tenantId, correlationId }: TenantCaller): Promise<void> {
    const caller = serviceCaller('agent-runtime', correlationId, tenantId);
    await this.client.call(releaseUsage, { ...place }, caller, { timeoutMs: patienceMs }).catch(() => undefined);
  }

  /** One question at most, also while tenancy is away and nothing of it can be remembered. */
  async #active(caller: TenantCaller): Promise<Standing> {
    const tenant = await this.#tenant(caller);
    if (tenant.status !== 'active') throw new DomainError('tenant_inactive', `The tenant is ${tenant.status}.`);
    return tenant;
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
