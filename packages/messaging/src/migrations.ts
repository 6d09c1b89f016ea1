import type { MigrationSet } from '@support101/database';

/** The tables of outbox, inbox, idempotency keys and dead letters: applied to each service's schema before its own. */
export const messagingMigrations: MigrationSet = {
  name: 'messaging',
  directory: new URL('../prisma/migrations/', import.meta.url),
};

/** The same tables as a Prisma schema file, for the drift check. */
export const messagingSchemaFile: URL = new URL('../prisma/messaging.prisma', import.meta.url);
