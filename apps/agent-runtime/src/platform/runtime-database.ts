import { Injectable } from '@nestjs/common';
import { Database, type PrismaTx } from '@support101/database';
import { Idempotency, Inbox } from '@support101/messaging';
import { ServicePrisma } from '@support101/service-kit';
import { PrismaClient } from '../generated/prisma/client.js';

/** An open transaction on the tables of agent-runtime. */
export type RuntimeTx = PrismaTx<PrismaClient>;

/** The tables of agent-runtime through Prisma: for agents. Runs are hot and go through `ServiceDatabase`. */
@Injectable()
export class RuntimeDatabase extends ServicePrisma<PrismaClient> {
  constructor(database: Database, idempotency: Idempotency, inbox: Inbox) {
    super(PrismaClient, database, idempotency, inbox);
  }
}
