/** What can go wrong in this package, by code; test the code, never the class. */
export const databaseFailures = {
  database_unreachable: 'The database cannot be reached.',
  database_busy: 'All connections to the database are taken, and none came free in time.',
  database_closed: 'The database was closed.',
  invalid_tenant: 'This is not the id of a tenant.',
  nested_transaction: 'A transaction was opened inside a transaction.',
  transaction_closed: 'The transaction is over; its statements can no longer be run.',
  transaction_aborted: 'A statement of the transaction failed and its error was swallowed; nothing was committed.',
  commit_outcome_unknown: 'The connection was lost during COMMIT: the transaction may or may not have been committed.',
  directory_in_use: 'The data directory is in use by another process.',
  directory_not_writable: 'The data directory cannot be written.',
  directory_damaged: 'The data directory does not hold a database that this version can open.',
  migration_edited: 'A migration was changed after it had been applied.',
  migration_failed: 'A migration could not be applied.',
  schema_out_of_date: 'Migrations of the schema are not applied yet.',
  migration_unreadable: 'The folder of a migration set cannot be read.',
  session_refused: 'A connection does not have the role and search path that it asked for; something on the way drops them.',
  roles_missing: 'The roles of the schema cannot be made or taken with this login.',
} as const;

export type DatabaseFailureCode = keyof typeof databaseFailures;

/** A failure of the database layer itself, named by `code`; errors of SQL statements stay what the driver threw. */
export class DatabaseFailure extends Error {
  readonly code: DatabaseFailureCode;

  constructor(code: DatabaseFailureCode, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? databaseFailures[code] : `${databaseFailures[code]} ${detail}`, options);
    this.name = 'DatabaseFailure';
    this.code = code;
  }
}

// Errors are looked at by their fields, never by `instanceof`: Node's, Prisma's and a test runner's come from other realms.

/** True for a failure of the database layer with this code. */
export function isDatabaseFailure(error: unknown, code: DatabaseFailureCode): boolean {
  return field(error, 'name') === 'DatabaseFailure' && field(error, 'code') === code;
}

/** The code of anything thrown: an SQLSTATE, one of Node's (`EPIPE`), Prisma's or ours. */
export function codeOf(error: unknown): string | undefined {
  const code = field(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** The message of anything thrown; Node's connection errors over several addresses have theirs inside. */
export function messageOf(error: unknown): string {
  const message = field(error, 'message');
  const inner = field(error, 'errors');
  if (message === '' && Array.isArray(inner)) return inner.map(messageOf).join('; ');
  return typeof message === 'string' ? message : String(error);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

interface PostgresFields {
  readonly code: string;
  readonly constraint: string | undefined;
}

/** The SQLSTATE and constraint of an error of Postgres, also when Prisma has wrapped it; undefined for any other error. */
export function postgresFields(error: unknown): PostgresFields | undefined {
  for (let current = error, depth = 0; current !== undefined && depth < 6; depth += 1) {
    const code = [codeOf(current), field(current, 'originalCode')].find(
      (each) => typeof each === 'string' && sqlState.test(each),
    );
    if (typeof code === 'string') return { code, constraint: constraintOf(current) };
    // Prisma keeps the driver's error in `meta.driverAdapterError`, everybody else in `cause`.
    current = field(field(current, 'meta'), 'driverAdapterError') ?? field(current, 'cause');
  }
  return undefined;
}

/** The driver gives a name, Prisma's adapter an object. */
function constraintOf(error: unknown): string | undefined {
  const constraint = field(error, 'constraint');
  const name = typeof constraint === 'string' ? constraint : field(constraint, 'index');
  return typeof name === 'string' ? name : undefined;
}

// Five characters, at least one digit: keeps Node's codes ("EPIPE") and Prisma's ("P2002") apart from SQLSTATEs ("42P01").
const sqlState = /^(?!P[1-9])(?=.*\d)[0-9A-Z]{5}$/;

/** True when a row with the same unique key is already there; with `constraint` only for that constraint or index. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const fields = postgresFields(error);
  if (fields?.code !== '23505') return false;
  return constraint === undefined || fields.constraint === undefined || fields.constraint === constraint;
}

/** True when a row refers to one that is not there (or is of another tenant). */
export function isForeignKeyViolation(error: unknown): boolean {
  return postgresFields(error)?.code === '23503';
}

/** True when Postgres gave up this transaction for another one (serialization failure or deadlock): run it again. */
export function isSerializationFailure(error: unknown): boolean {
  const code = postgresFields(error)?.code;
  return code === '40001' || code === '40P01';
}

/**
 * True when a connection and its server disagree about a prepared statement: it is gone, there twice, or its columns have
 * changed. Every later use of it on that connection fails as well.
 */
export function isStaleStatement(error: unknown): boolean {
  const code = postgresFields(error)?.code;
  return code === '26000' || code === '42P05' || (code === '0A000' && messageOf(error).includes('cached plan'));
}

/** True when row-level security or a missing grant refused the statement. */
export function isRefused(error: unknown): boolean {
  return postgresFields(error)?.code === '42501';
}

const lostStates = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '53300']);
const lostCodes = new Set(
  [
    'ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ENOENT ETIMEDOUT EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENOTFOUND',
    'EAI_AGAIN ERR_STREAM_DESTROYED P1001 P1002 P1017',
  ].flatMap((codes) => codes.split(' ')),
);
const lostMessages =
  /connection terminated|connection error and is not queryable|timeout exceeded when trying to connect|client was closed|after calling end on the pool/i;

/** The failure of a statement: when the connection is gone, nothing of its transaction was committed. */
export function statementFailure<E>(error: E): E | DatabaseFailure {
  if (field(error, 'name') === 'DatabaseFailure') return error;
  return isConnectionLoss(error) ? new DatabaseFailure('database_unreachable', messageOf(error), { cause: error }) : error;
}

/** The failure of a COMMIT, or of a burst, which commits itself: without an answer from Postgres nobody knows what became of the transaction. */
export function commitFailure(error: Error): Error {
  if (!isConnectionLoss(error)) return error;
  return new DatabaseFailure('commit_outcome_unknown', error.message, { cause: error });
}

/** True when the connection, not the statement, failed: the database is away or has closed the session. */
export function isConnectionLoss(error: unknown): boolean {
  if (isDatabaseFailure(error, 'database_unreachable')) return true;
  const state = postgresFields(error)?.code;
  if (state !== undefined) return state.startsWith('08') || lostStates.has(state);
  return lostCodes.has(codeOf(error) ?? '') || lostMessages.test(messageOf(error));
}
