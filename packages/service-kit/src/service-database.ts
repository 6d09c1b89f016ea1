import { Injectable } from '@nestjs/common';
import type { EventContract, InputOf, OutputOf, Rpc, TenantCaller, TenantId } from '@support101/contracts';
import { Database, type SystemReason, type Tx } from '@support101/database';
import { type Delivery, Idempotency, Inbox } from '@support101/messaging';

/** The ways to a transaction on the tables of a service. */
@Injectable()
export class ServiceDatabase {
  constructor(
    private readonly database: Database,
    private readonly idempotency: Idempotency,
    private readonly inbox: Inbox,
  ) {}

  /** One transaction that sees and writes the rows of this tenant only. */
  forTenant<T>(tenantId: TenantId, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.database.forTenant(tenantId, run);
  }

  /** One transaction that sees the rows of all tenants. */
  asSystem<T>(reason: SystemReason, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.database.asSystem(reason, run);
  }

  /** `forTenant` in one round trip: `run` asks for everything before its first await. */
  burstForTenant<T>(tenantId: TenantId, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.database.burstForTenant(tenantId, run);
  }

  /** `asSystem` in one round trip. */
  burstAsSystem<T>(reason: SystemReason, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.database.burstAsSystem(reason, run);
  }

  /** For single statements: each is a tenant transaction of its own, in one round trip. */
  alone(tenantId: TenantId): Pick<Tx, 'query'> {
    return { query: (text, values, name) => this.database.queryForTenant(tenantId, text, values, name) };
  }

  /** A tenant transaction whose answer is kept under the caller's idempotency key, if there is one. */
  once<C extends Rpc>(
    contract: C,
    input: InputOf<C>,
    caller: TenantCaller,
    run: (tx: Tx) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    return this.idempotency.run(contract, input, caller, run);
  }

  /** A transaction of the event's tenant that is left out when this durable has handled the event before. */
  async onceDelivered<E extends EventContract>(delivery: Delivery<E>, run: (tx: Tx) => Promise<void>): Promise<void> {
    await this.inbox.once(delivery, run);
  }
}
