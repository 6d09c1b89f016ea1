import type { TenantId } from '@support101/contracts';
import type pg from 'pg';
import { transactAtOnce } from './burst-transaction.js';
import { DatabaseFailure, messageOf } from './failures.js';
import { observed, observePool } from './observed.js';
import { transact } from './pg-transaction.js';
import { openPool, takeConnection, type DatabaseOptions } from './pool.js';
import type { SystemReason } from './system-reason.js';
import {
  checkedSchema,
  exclusively,
  sessionSettings,
  systemOpening,
  tenantOpening,
  type Opening,
  type Settings,
  type Tx,
} from './transaction.js';

/** One service's schema: every statement runs in a transaction, and every transaction has a tenant or a system reason. */
export class Database {
  readonly schema: string;
  readonly url: string;
  readonly embedded: boolean;
  /** The connections, for `PrismaDatabase`; a statement sent here directly runs without a tenant and sees nothing. */
  readonly pool: pg.Pool;
  readonly onError: (error: Error) => void;
  /** What every transaction sets: nothing, as connections begin with it, except that the embedded ones share a session. */
  readonly #always: Settings;
  readonly #stopObserving: () => void;

  constructor(options: DatabaseOptions) {
    this.schema = checkedSchema(options.schema);
    this.url = options.url;
    this.embedded = options.embedded;
    this.onError = options.onError ?? (() => undefined);
    this.#always = options.embedded ? sessionSettings(this.schema) : {};
    this.pool = openPool(options);
    this.#stopObserving = observePool(this.pool, this.schema);
  }

  /** Runs `run` in one transaction that sees and writes the rows of this tenant only. */
  async forTenant<T>(tenantId: TenantId, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transact(this.openingFor(tenantId), run);
  }

  /**
   * Like `forTenant` in a single round trip: what `run` asks for before it waits for an answer is sent in one piece and
   * committed. What it asks for later is refused (`transaction_closed`), and the change is committed all the same.
   */
  burstForTenant<T>(tenantId: TenantId, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transact(this.openingFor(tenantId), run, transactAtOnce);
  }

  /** Runs one statement in a tenant transaction of its own, in a single round trip: for hot reads and single writes. */
  queryForTenant<Row extends object>(
    tenantId: TenantId,
    text: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<Row[]> {
    return this.burstForTenant(tenantId, (tx) => tx.query<Row>(text, values, name));
  }

  /** Runs `run` in one transaction that sees the rows of all tenants; `systemReasons` is the list of all uses. */
  async asSystem<T>(reason: SystemReason, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transact(this.openingAsSystem(reason), run);
  }

  /** Like `asSystem`, in a single round trip as `burstForTenant`. */
  burstAsSystem<T>(reason: SystemReason, run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#transact(this.openingAsSystem(reason), run, transactAtOnce);
  }

  /** What makes a transaction on one of the connections this tenant's; throws `invalid_tenant`. */
  openingFor(tenantId: TenantId): Opening {
    return tenantOpening(this.#always, tenantId);
  }

  /** What makes a transaction on one of the connections the system's. */
  openingAsSystem(reason: SystemReason): Opening {
    return systemOpening(this.#always, this.schema, reason);
  }

  /** Resolves when the database answers; throws `database_unreachable`, `database_busy` or `database_closed`. */
  async ping(): Promise<void> {
    const client = await takeConnection(this.pool);
    let failure: Error | undefined;
    try {
      await client.query('select 1');
    } catch (error) {
      failure = new DatabaseFailure('database_unreachable', messageOf(error), { cause: error });
      throw failure;
    } finally {
      client.release(failure);
    }
  }

  /** Waits for open transactions and closes the connections; later calls are refused. */
  async close(): Promise<void> {
    this.#stopObserving();
    if (!this.pool.ending) await this.pool.end();
  }

  async #transact<T>(opening: Opening, run: (tx: Tx) => Promise<T>, way: typeof transact = transact): Promise<T> {
    const kind = opening.tenantId === undefined ? 'system' : 'tenant';
    return exclusively(
      (hooks) => observed({ schema: this.schema, kind }, () => way(this.pool, opening, hooks, run)),
      this.onError,
    );
  }
}

/** Opens a service's database and makes sure that it answers; throws `database_unreachable` with the reason. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = new Database(options);
  try {
    await database.ping();
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
