import { AsyncLocalStorage } from 'node:async_hooks';
import { callbackify } from 'node:util';
import pg from 'pg';
import { DatabaseFailure, isDatabaseFailure, messageOf } from './failures.js';
import { replanWithin } from './replanning.js';
import { checkedSchema, sessionSettings } from './transaction.js';

/** How to reach one service's schema. */
export interface DatabaseOptions {
  /** A postgres:// address; of the embedded Postgres or of a server. */
  readonly url: string;
  readonly schema: string;
  /** Connections at most: 10 unless told, 4 on the embedded Postgres (which has one backend anyway). */
  readonly poolSize?: number;
  readonly embedded: boolean;
  /** How long to wait for a connection, a free one or a new one; 15 seconds unless told. */
  readonly connectWithinMs?: number;
  /** After how long a connection's prepared statements are planned anew; 10 seconds unless told, 60 on the embedded Postgres. */
  readonly replanAfterMs?: number;
  /** Told about connections that break while idle and about hooks that throw; silent unless given. */
  readonly onError?: (error: Error) => void;
}

const idleInTransactionMs = 30_000;
const statementMs = 60_000;

/**
 * Makes the connections of one service. They start under the role that row-level security binds, so that a statement
 * that escapes its transaction sees nothing even when the login may see everything.
 */
export function openPool(options: DatabaseOptions): pg.Pool {
  const schema = checkedSchema(options.schema);
  const settings: pg.PoolConfig & { pipeline: boolean } = {
    connectionString: options.url,
    max: options.poolSize ?? (options.embedded ? 4 : 10),
    // Statements of one transaction are sent without waiting for the answer to the one before.
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: options.connectWithinMs ?? 15_000,
    idleTimeoutMillis: 60_000,
    application_name: `support101 ${schema}`,
  };
  if (!options.embedded) {
    settings.statement_timeout = statementMs;
    settings.idle_in_transaction_session_timeout = idleInTransactionMs;
    const session = Object.entries(sessionSettings(schema));
    settings.options = session.map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '')}`).join(' ');
    settings.verify = (client, done) => callbackify(refuseOther)(client, schema, (error) => done(error ?? undefined));
  }
  const pool = new WatchedPool(settings);
  // Without a listener a connection that breaks while idle would end the process.
  // One that breaks while they are all being closed is no news.
  pool.on('error', (error) => {
    if (!pool.ending) options.onError?.(error);
  });
  // The embedded connections share one session: each of them drops the plans of all.
  replanWithin(pool, options.replanAfterMs ?? (options.embedded ? 60_000 : 10_000));
  return pool;
}

/** What `PrismaDatabase` learns about a transaction of Prisma, which keeps both to itself. */
export interface Watched {
  /** The connection that Prisma took for it. */
  client: pg.PoolClient | undefined;
  /** Whether a statement of it has failed. */
  failed: boolean;
}

/** What is watched while Prisma works. */
export const watching = new AsyncLocalStorage<Watched>();

type TakenCallback = Parameters<pg.Pool['connect']>[0];

class WatchedPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: TakenCallback): void;
  override connect(callback?: TakenCallback): Promise<pg.PoolClient> | void {
    if (callback) return super.connect(callback);
    return super.connect().then((client) => {
      const watched = watching.getStore();
      if (watched) watched.client = client;
      return client;
    });
  }
}

/** Throws `session_refused` for a connection that began otherwise than asked: a pooler on the way may drop what it begins with. */
async function refuseOther(client: pg.PoolClient, schema: string): Promise<void> {
  const { rows } = await client.query<Record<string, string>>(
    `select current_setting('role') as role, current_setting('search_path') as search_path`,
  );
  const [is] = rows;
  const other = Object.entries(sessionSettings(schema)).filter(([name, value]) => is?.[name]?.replace(/,\s*/, ', ') !== value);
  if (other.length > 0)
    throw new DatabaseFailure('session_refused', `Wanted: ${other.map((each) => each.join(' ')).join(', ')}.`);
}

/** Takes a connection; failures have names. */
export async function takeConnection(pool: pg.Pool): Promise<pg.PoolClient> {
  if (pool.ending) throw new DatabaseFailure('database_closed');
  try {
    return await pool.connect();
  } catch (error) {
    throw connectionFailure(pool, error);
  }
}

function connectionFailure(pool: pg.Pool, cause: unknown): DatabaseFailure {
  const detail = messageOf(cause);
  if (isDatabaseFailure(cause, 'session_refused')) return cause as DatabaseFailure;
  if (pool.ending) return new DatabaseFailure('database_closed', undefined, { cause });
  if (/role ".*" does not exist/.test(detail)) return new DatabaseFailure('roles_missing', detail, { cause });
  const busy = detail.startsWith('timeout exceeded') && pool.totalCount >= pool.options.max;
  return new DatabaseFailure(busy ? 'database_busy' : 'database_unreachable', detail, { cause });
}
