import { Injectable } from '@nestjs/common';
import { DomainError, type Access, type Caller } from '@support101/contracts';
import { CommandClient } from '@support101/messaging';
import { anonymous, AuthenticationService, type Identity } from '../authentication/authentication.service.js';
import { AuthorizationService } from '../authorization/authorization.service.js';
import { LimitsService } from '../limits/limits.service.js';
import type { Admitted, Answer, Door, Presented, RoutedRpc } from '../platform/contract-route.js';
import { answerOf, isIdempotencyKey } from './routes.rules.js';

/** Takes requests for contracts in, and asks the services. */
@Injectable()
export class RoutesService implements Door {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly authorization: AuthorizationService,
    private readonly limits: LimitsService,
    private readonly client: CommandClient,
  ) {}

  /** The caller of an admitted request; throws what refuses it. */
  async admit(access: Access, presented: Presented): Promise<Admitted> {
    const { correlationId, tenantInPath, tenantInHeader, idempotencyKey, traceparent } = presented;
    const isPublic = 'public' in access;
    const identity = isPublic ? anonymous : await this.authentication.authenticate(presented.authorization, correlationId);
    const headers = this.#count(identity);
    const named = { path: tenantInPath, header: tenantInHeader };
    const tenantId = await this.authorization.authorize(access, { asker: identity, named, correlationId });
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

  /** Asks the contract's service; `signal` fires when nobody waits for the answer any more. */
  async ask(contract: RoutedRpc, input: Record<string, unknown>, caller: Caller, signal: AbortSignal): Promise<Answer> {
    const { output, headers } = await this.client.callForReply(contract, input, caller, { signal });
    return answerOf(contract.http, output, headers);
  }

  /** Refused requests count too: a caller who may not is stopped as one who may. */
  #count({ tenantId, maxRequestsPerMinute }: Identity): Record<string, string> {
    return tenantId === undefined || maxRequestsPerMinute === undefined ? {} : this.limits.take(tenantId, maxRequestsPerMinute);
  }
}
