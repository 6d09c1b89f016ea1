export { Database, openDatabase } from './database.js';
export { drift, type DriftOptions } from './drift.js';
export { startEmbedded, type EmbeddedOptions, type EmbeddedPostgres } from './embedded/embedded-postgres.js';
export {
  DatabaseFailure,
  databaseFailures,
  isConnectionLoss,
  isDatabaseFailure,
  isForeignKeyViolation,
  isRefused,
  isSerializationFailure,
  isUniqueViolation,
  postgresFields,
  type DatabaseFailureCode,
} from './failures.js';
export { graphName, graphProperty, prepareGraph, wakeGraphs, type GraphOptions, type GraphState } from './graph.js';
export { groupWriter, type GroupWriter, type GroupWriterOptions } from './group-writer.js';
export { unprotectedTables, type UnprotectedTable } from './inventory.js';
export { migrate, requireMigrated, type MigrateOptions, type MigrationSet } from './migrate.js';
export type { DatabaseOptions } from './pool.js';
export { PrismaDatabase, type PrismaClientClass, type PrismaModels, type PrismaTx } from './prisma-database.js';
export { prepareSchema } from './roles.js';
export { systemReasons, type SystemReason } from './system-reason.js';
export { detached, type Tx } from './transaction.js';
