import { Injectable } from '@nestjs/common';
import { DomainError, type Access, type Caller } from '@support101/contracts';
import { CommandClient } from '@support101/messaging';
import { anonymous, AuthenticationService } from '../authentication/authentication.service.js';
import { AuthorizationService } from '../authorization/authorization.service.js';
import type { Answer, Door, Presented, RoutedRpc } from '../platform/contract-route.js';
import { answerOf, isIdempotencyKey } from './routes.rules.js';

/** Takes requests for contracts in, and asks the services. */
@Injectable()
export class RoutesService implements Door {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly authorization: AuthorizationService,
    private readonly client: CommandClient,
  ) {}

  /** The caller of an admitted request; throws what refuses it. */
  async admit(access: Access, presented: Presented): Promise<Caller> {
    const { correlationId, tenantInPath, tenantInHeader, idempotencyKey, traceparent } = presented;
    const isPublic = 'public' in access;
    const identity = isPublic ? anonymous : await this.authentication.authenticate(presented.authorization, correlationId);
    const tenantId = this.authorization.authorize(access, identity, { path: tenantInPath, header: tenantInHeader });
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey)) {
      throw new DomainError('validation_failed', 'Idempotency-Key must be 1 to 255 visible characters.');
    }
    return {
      principal: identity.principal,
      correlationId,
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }

  /** Asks the contract's service; `signal` fires when nobody waits for the answer any more. */
  async ask(contract: RoutedRpc, input: Record<string, unknown>, caller: Caller, signal: AbortSignal): Promise<Answer> {
    const { output, headers } = await this.client.callForReply(contract, input, caller, { signal });
    return answerOf(contract.http, output, headers);
  }
}
