import { Injectable } from '@nestjs/common';
import { DomainError, type Access, type TenantId } from '@support101/contracts';
import { decide, type Asker, type NamedTenants } from './authorization.rules.js';

/** Lets callers use contracts, or not. */
@Injectable()
export class AuthorizationService {
  /** The tenant the caller acts for, if for one; throws `forbidden`, `tenant_not_found` or `tenant_required`. */
  authorize(access: Access, asker: Asker, named: NamedTenants): TenantId | undefined {
    const decision = decide(access, asker, named);
    if ('refused' in decision) throw new DomainError(decision.refused);
    return decision.tenantId;
  }
}
