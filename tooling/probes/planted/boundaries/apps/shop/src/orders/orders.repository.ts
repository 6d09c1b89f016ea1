// Clean: a repository may use Prisma.
import type { PrismaClient } from '../generated/prisma/client.js';

export class OrdersRepository {
  client?: PrismaClient;
}
