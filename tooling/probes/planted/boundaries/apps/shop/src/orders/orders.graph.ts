// Planted: only-repositories-touch-prisma
import type { PrismaClient } from '../generated/prisma/client.js';

export type Client = PrismaClient;
