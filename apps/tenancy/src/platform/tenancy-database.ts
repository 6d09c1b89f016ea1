import { Injectable } from '@nestjs/common';
import { Database, type PrismaTx } from '@support101/database';
import { Idempotency, Inbox } from '@support101/messaging';
import { ServicePrisma } from '@support101/service-kit';
import { PrismaClient } from '../generated/prisma/client.js';

/** An open transaction on the tables of tenancy. */
export type TenancyTx = PrismaTx<PrismaClient>;

/** The tables of tenancy through Prisma; what is hot goes through `Database` instead. */
@Injectable()
export class TenancyDatabase extends ServicePrisma<PrismaClient> {
  constructor(database: Database, idempotency: Idempotency, inbox: Inbox) {
    super(PrismaClient, database, idempotency, inbox);
  }
}
