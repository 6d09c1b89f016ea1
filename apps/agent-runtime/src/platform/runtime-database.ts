import { Injectable } from '@nestjs/common';
import type { EventContract, InputOf, OutputOf, Rpc, TenantCaller, TenantId } from '@support101/contracts';
import { Database, PrismaDatabase, type PrismaTx, type Tx } from '@support101/database';
import { Idempotency, Inbox, type Delivery } from '@support101/messaging';
import { PrismaClient } from '../generated/prisma/client.js';

/** An open transaction on the tables of agent-runtime. */
export type RuntimeTx = PrismaTx<PrismaClient>;

/** The tables of agent-runtime through Prisma: for agents. Runs are hot and go through `RunsDatabase`. */
@Injectable()
export class RuntimeDatabase extends PrismaDatabase<PrismaClient> {
  constructor(
    private readonly plain: Database,
    private readonly idempotency: Idempotency,
    private readonly inbox: Inbox,
  ) {
    super(PrismaClient, plain);
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
    run: (tx: RuntimeTx) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    return this.idempotency.runPrisma(this, contract, input, caller, run);
  }

  /** A transaction of the event's tenant that is left out when this durable has handled the event before. */
  async onceDelivered<E extends EventContract>(delivery: Delivery<E>, run: (tx: RuntimeTx) => Promise<void>): Promise<void> {
    await this.inbox.oncePrisma(this, delivery, run);
  }
}
