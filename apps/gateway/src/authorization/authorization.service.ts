import { Injectable } from '@nestjs/common';
import { DomainError, isGranted, serviceCaller, type Access, type TenantId } from '@support101/contracts';
import { tenantLimits } from '@support101/contracts/tenancy';
import { CommandClient } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { GrantsService } from '../grants/grants.service.js';
import { decide, type Asker, type NamedTenants } from './authorization.rules.js';

/** A request that asks to be let in. */
export interface Asking {
  readonly asker: Asker;
  readonly named: NamedTenants;
  readonly correlationId: string;
}

/** How long tenancy may take to say whether there is a tenant, in milliseconds: somebody waits for it. */
const timeoutMs = 2_000;

/** Lets callers use contracts, or not. */
@Injectable()
export class AuthorizationService {
  constructor(
    private readonly client: CommandClient,
    private readonly grants: GrantsService,
    private readonly clock: Clock,
  ) {}

  /**
   * The tenant the caller acts for, if for one; throws `forbidden`, `tenant_not_found`, `tenant_required`, or
   * `service_unavailable` when it depends on what governance or tenancy keeps and that cannot be looked up.
   */
  async authorize(access: Access, { asker, named, correlationId }: Asking): Promise<TenantId | undefined> {
    const decision = decide(access, asker, named);
    if ('refused' in decision) throw new DomainError(decision.refused);
    if ('tenantId' in decision) return decision.tenantId;
    if ('ifThereIs' in decision) return this.#existing(decision.ifThereIs, correlationId);
    const { tenantId, resource, level } = decision.wanted;
    const granted = await this.grants.of({ tenantId, principal: asker.principal, correlationId });
    if (!isGranted(granted, resource, level, this.clock.now())) throw new DomainError('forbidden');
    return tenantId;
  }

  /** Asked each time: the platform writes for a tenant seldom, and right after a deletion is when it matters. */
  async #existing(tenantId: TenantId, correlationId: string): Promise<TenantId> {
    await this.client.call(tenantLimits, { tenantId }, serviceCaller('gateway', correlationId), { timeoutMs });
    return tenantId;
  }
}
