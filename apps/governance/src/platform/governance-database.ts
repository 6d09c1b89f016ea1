import { Injectable } from '@nestjs/common';
import { Database, type PrismaTx } from '@support101/database';
import { Idempotency, Inbox } from '@support101/messaging';
import { ServicePrisma } from '@support101/service-kit';
import { PrismaClient } from '../generated/prisma/client.js';

/** An open transaction on the tables of governance. */
export type GovernanceTx = PrismaTx<PrismaClient>;

/** The tables of governance through Prisma; the audit, the numbers and what the gateway asks go through `Database` instead. */
@Injectable()
export class GovernanceDatabase extends ServicePrisma<PrismaClient> {
  constructor(database: Database, idempotency: Idempotency, inbox: Inbox) {
    super(PrismaClient, database, idempotency, inbox);
  }
}
