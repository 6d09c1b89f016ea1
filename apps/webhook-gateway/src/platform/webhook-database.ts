import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { EventContract, InputOf, OutputOf, Rpc, TenantCaller } from '@support101/contracts';
import { Database, PrismaDatabase, type PrismaTx } from '@support101/database';
import { type Delivery, Idempotency, Inbox } from '@support101/messaging';
import { PrismaClient } from '../generated/prisma/client.js';

/** An open transaction on the tables of webhook-gateway. */
export type WebhookTx = PrismaTx<PrismaClient>;

/** The tables of webhook-gateway through Prisma; what is hot goes through `Database` instead. */
@Injectable()
export class WebhookDatabase extends PrismaDatabase<PrismaClient> implements OnApplicationShutdown {
  constructor(
    database: Database,
    private readonly idempotency: Idempotency,
    private readonly inbox: Inbox,
  ) {
    super(PrismaClient, database);
  }

  /** A tenant transaction whose answer is kept under the caller's idempotency key, if there is one. */
  once<C extends Rpc>(
    contract: C,
    input: InputOf<C>,
    caller: TenantCaller,
    run: (tx: WebhookTx) => Promise<OutputOf<C>>,
  ): Promise<OutputOf<C>> {
    return this.idempotency.runPrisma(this, contract, input, caller, run);
  }

  /** A transaction of the event's tenant that is left out when this durable has handled the event before. */
  async onceDelivered<E extends EventContract>(delivery: Delivery<E>, run: (tx: WebhookTx) => Promise<void>): Promise<void> {
    await this.inbox.oncePrisma(this, delivery, run);
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}
