import type { DataOf, EventContract, EventEnvelope, TenantCaller } from '@support101/contracts';
import type { Database } from '@support101/database';
import { TestedService } from '@support101/service-testing';
import { VirtualClock } from '@support101/testing';
import { governanceService } from '../src/app.module.js';

/** Governance booted by itself; events of other services are published as theirs. */
export class LoneGovernance extends TestedService {
  override readonly clock = new VirtualClock();

  static boot(): Promise<LoneGovernance> {
    return new LoneGovernance(governanceService).start();
  }

  get database(): Database {
    return this.running.database;
  }

  /** Publishes a fact of another service that this caller caused, and resolves when governance has handled it. */
  happened<E extends EventContract>(
    contract: E,
    data: DataOf<E>,
    { tenantId, principal, correlationId }: TenantCaller,
    given: Partial<EventEnvelope> = {},
  ): Promise<EventEnvelope> {
    const cause = { principaltype: principal.type, principalid: principal.id, correlationid: correlationId };
    return this.publish(contract, tenantId, data, { ...cause, ...given });
  }
}
