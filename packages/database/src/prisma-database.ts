import { PrismaPg } from '@prisma/adapter-pg';
import type { TenantId } from '@support101/contracts';
import type pg from 'pg';
import type { Database } from './database.js';
import { commitFailure, DatabaseFailure } from './failures.js';
import { PgTx, type Opening } from './pg-transaction.js';
import { watchConnections } from './pool.js';
import type { SystemReason } from './system-reason.js';
import { exclusively, systemSettings, tenantSettings, type Hook, type Tx } from './transaction.js';

/** A transaction with both: models of the generated client in `prisma`, statements in `query`; one connection, one commit. */
export interface PrismaTx<Client> extends Tx {
  readonly prisma: PrismaModels<Client>;
}

/** A generated client inside a transaction: without what opens, closes or nests. */
export type PrismaModels<Client> = Omit<Client, '$transaction' | '$connect' | '$disconnect' | '$on' | '$extends'>;

/** The class that `prisma generate` writes. */
export type PrismaClientClass<Client> = new (options: { adapter: PrismaPg }) => Client;

/** What this class needs of a generated client, whose own types depend on its models. */
interface Transactional {
  $transaction<T>(run: (prisma: unknown) => Promise<T>, options: { timeout: number; maxWait: number }): Promise<T>;
  $disconnect(): Promise<void>;
}

const limits = { timeout: 60_000, maxWait: 15_000 };

/** A service's schema through its generated Prisma client, on the connections and under the tenant rules of its `Database`. */
export class PrismaDatabase<Client> {
  readonly #database: Database;
  readonly #client: Transactional;

  constructor(client: PrismaClientClass<Client>, database: Database) {
    this.#database = database;
    const adapter = new PrismaPg(database.pool, {
      schema: database.schema,
      onConnectionError: database.onError,
      statementNameGenerator: ({ sql }) => (database.embedded ? '' : statementName(sql)),
    });
    this.#client = new client({ adapter }) as Transactional;
  }

  /** Runs `run` in one transaction that sees and writes the rows of this tenant only. */
  async forTenant<T>(tenantId: TenantId, run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    const settings = tenantSettings(this.#database.schema, tenantId);
    return this.#transact(settings, tenantId, run);
  }

  /** Runs `run` in one transaction that sees the rows of all tenants; `systemReasons` is the list of all uses. */
  async asSystem<T>(reason: SystemReason, run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    const settings = systemSettings(this.#database.schema, reason);
    return this.#transact(settings, undefined, run);
  }

  /** Releases the client; the connections belong to the `Database` and are closed with it. */
  async close(): Promise<void> {
    await this.#client.$disconnect();
  }

  #transact<T>(text: string, tenantId: TenantId | undefined, run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    const { embedded, onError } = this.#database;
    return exclusively((hooks) => this.#commit({ text, tenantId, named: !embedded }, hooks, run), onError);
  }

  async #commit<T>(opening: Opening, hooks: Hook[], run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    let connection: pg.PoolClient | undefined;
    let committing = false;
    const taken = (client: pg.PoolClient): void => {
      connection = client;
    };
    const begun = async (prisma: unknown): Promise<T> => {
      if (!connection) throw new Error('Prisma began a transaction on a connection that is not of this pool');
      const tx = new PgTx(connection, opening, hooks);
      try {
        const result = await run(withModels<Client>(tx, prisma as PrismaModels<Client>));
        await tx.end();
        // Prisma would send COMMIT and not notice that Postgres answers ROLLBACK.
        if (connection.getTransactionStatus() === 'E') throw new DatabaseFailure('transaction_aborted');
        committing = true;
        return result;
      } finally {
        await tx.end().catch(() => undefined);
      }
    };
    try {
      return await watchConnections(taken, () => this.#client.$transaction(begun, limits));
    } catch (error) {
      throw committing && error instanceof Error ? commitFailure(error) : error;
    }
  }
}

function withModels<Client>(tx: PgTx, prisma: PrismaModels<Client>): PrismaTx<Client> {
  return {
    prisma,
    tenantId: tx.tenantId,
    query: (text, values, name) => tx.query(text, values, name),
    afterCommit: (run) => tx.afterCommit(run),
  };
}

// Shared by all clients: one pool may serve two of them, and one name must mean one text. Bounded, because a text that
// depends on how many values it has would fill the memory of every connection.
const statementNames = new Map<string, string>();
const mostStatements = 400;

function statementName(sql: string): string {
  const known = statementNames.get(sql);
  if (known !== undefined) return known;
  if (statementNames.size >= mostStatements) return '';
  const name = `prisma_${statementNames.size}`;
  statementNames.set(sql, name);
  return name;
}
