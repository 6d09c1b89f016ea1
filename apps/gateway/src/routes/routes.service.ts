import { Injectable } from '@nestjs/common';
import { DomainError, isDomainError, TenantId, type Access, type Caller } from '@support101/contracts';
import { CommandClient } from '@support101/messaging';
import { anonymous, AuthenticationService, type Identity } from '../authentication/authentication.service.js';
import { AuthorizationService } from '../authorization/authorization.service.js';
import { LimitsService } from '../limits/limits.service.js';
import type { Admitted, Answer, Door, Presented, RoutedRpc } from '../platform/contract-route.js';
import { RefusalsService } from '../refusals/refusals.service.js';
import { answerOf, isIdempotencyKey } from './routes.rules.js';

/** Takes requests for contracts in, and asks the services. */
@Injectable()
export class RoutesService implements Door {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly authorization: AuthorizationService,
    private readonly limits: LimitsService,
    private readonly refusals: RefusalsService,
    private readonly client: CommandClient,
  ) {}

  /** The caller of an admitted request; throws what refuses it. */
  async admit(access: Access, presented: Presented): Promise<Admitted> {
    const { correlationId, idempotencyKey, traceparent } = presented;
    const identity = await this.#identify(access, presented);
    const { headers, tenantId } = await this.#letIn(access, identity, presented);
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
      throw new DomainError('validation_failed', 'Idempotency-Key must be 1 to 255 visible characters.');
    }
    const caller = {
      principal: identity.principal,
      correlationId,
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return { caller, headers };
  }

  /** Throws what would refuse a caller that was admitted before, its limits aside; of this the audit is not told. */
  async confirm(access: Access, presented: Presented): Promise<void> {
    const asker = await this.#identify(access, presented);
    const { tenantInPath: path, tenantInHeader: header, correlationId } = presented;
    await this.authorization.authorize(access, { asker, named: { path, header }, correlationId });
  }

  /** Asks the contract's service; `signal` fires when nobody waits for the answer any more. */
  async ask(contract: RoutedRpc, input: Record<string, unknown>, caller: Caller, signal: AbortSignal): Promise<Answer> {
    try {
      const { output, headers } = await this.client.callForReply(contract, input, caller, { signal });
      return answerOf(contract.http, output, headers);
    } catch (error) {
      const { tenantId, principal, correlationId } = caller;
      // A tenant that is not there has no audit; whose it is not was decided before.
      if (!isDomainError(error) || error.code !== 'tenant_not_found') {
        this.refusals.refused(error, { tenantId, principal, correlationId, operation: contract.subject });
      }
      throw error;
    }
  }

  /** Tells the audit of a change that was asked for in a form that no service takes. */
  failed(contract: RoutedRpc, { tenantId, principal, correlationId }: Caller, error: unknown): void {
    this.refusals.unreadable(error, { tenantId, principal, correlationId, operation: contract.subject });
  }

  async #identify(access: Access, { authorization, correlationId }: Presented): Promise<Identity> {
    return 'public' in access ? anonymous : this.authentication.authenticate(authorization, correlationId);
  }

  /** Counts and authorises; what is refused, and which tenant the platform names, is told to the audit. */
  async #letIn(
    access: Access,
    identity: Identity,
    presented: Presented,
  ): Promise<{ headers: Admitted['headers']; tenantId: TenantId | undefined }> {
    const { correlationId, operation, tenantInPath: path, tenantInHeader: header } = presented;
    const { principal } = identity;
    try {
      const headers = await this.#count(identity);
      const tenantId = await this.authorization.authorize(access, { asker: identity, named: { path, header }, correlationId });
      if (principal.type === 'platform' && tenantId !== undefined) {
        this.refusals.note({ kind: 'tenant_named', tenantId, principal, operation, correlationId });
      }
      return { headers, tenantId };
    } catch (error) {
      const { tenantId } = identity;
      const namedTenantId = [path, header].find((named) => named !== tenantId && TenantId.safeParse(named).success);
      this.refusals.refused(error, {
        tenantId,
        principal,
        operation,
        correlationId,
        ...(namedTenantId === undefined ? {} : { namedTenantId }),
      });
      throw error;
    }
  }

  /** Refused requests count too: a caller who may not is stopped as one who may. */
  #count({ tenantId, maxRequestsPerMinute }: Identity): ReturnType<LimitsService['take']> {
    return tenantId === undefined || maxRequestsPerMinute === undefined ? {} : this.limits.take(tenantId, maxRequestsPerMinute);
  }
}
