// Clean: platform may use Prisma.
import type { PrismaClient } from '../generated/prisma/client.js';

export const shopDatabase = (client: PrismaClient) => client;
