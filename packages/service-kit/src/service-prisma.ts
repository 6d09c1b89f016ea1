import type { OnApplicationShutdown } from '@nestjs/common';
import type { Caller, EventContract, InputOf, OutputOf, Rpc, TenantCaller, TenantId } from '@support101/contracts';
import { type Database, PrismaDatabase, type PrismaClientClass, type PrismaTx, type Tx } from '@support101/database';
import type { Delivery, Idempotency, Inbox } from '@support101/messaging';

/**
 * The ways to a transaction on the tables of a service through its generated Prisma client. A service extends it with its
 * client's class; the subclass is what its providers have injected.
 */
export class ServicePrisma<Client> extends PrismaDatabase<Client> implements OnApplicationShutdown {
  constructor(
    client: PrismaClientClass<Client>,
    private readonly plain: Database,
    private readonly idempotency: Idempotency,
    private readonly inbox: Inbox,
  ) {
    super(client, plain);
  }

  /** For single statements without Prisma: each is a tenant transaction of its own, in one round trip. */
  alone(tenantId: TenantId): Pick<Tx, 'query'> {
    return { query: (text, values, name) => this.plain.queryForTenant(tenantId, text, values, name) };
  }

  /** A tenant transaction whose answer is kept under the caller's idempotency key, if there is one. */
  once<C extends Rpc>(
    contract: C,
    input: InputOf<C>,
    caller: TenantCaller,
    run: (tx: PrismaTx<Client>) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    return this.idempotency.runPrisma(this, contract, input, caller, run);
  }

  /** The same for what the platform does without a tenant; the key belongs to the principal. */
  onceForPlatform<C extends Rpc>(
    contract: C,
    input: InputOf<C>,
    caller: Caller,
    run: (tx: PrismaTx<Client>) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    return this.idempotency.runAsSystem(this, contract, input, caller, run);
  }

  /** A transaction of the event's tenant that is left out when this durable has handled the event before. */
  async onceDelivered<E extends EventContract>(
    delivery: Delivery<E>,
    run: (tx: PrismaTx<Client>) => Promise<void>,
  ): Promise<void> {
    await this.inbox.oncePrisma(this, delivery, run);
  }

  /** Lets go of the client; the connections belong to the `Database`. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
