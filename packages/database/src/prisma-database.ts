import { PrismaPg } from '@prisma/adapter-pg';
import type { Transaction } from '@prisma/driver-adapter-utils';
import type { TenantId } from '@support101/contracts';
import type { Database } from './database.js';
import { commitFailure, DatabaseFailure } from './failures.js';
import { observed } from './observed.js';
import { PgTx } from './pg-transaction.js';
import { watching, type Watched } from './pool.js';
import type { SystemReason } from './system-reason.js';
import { exclusively, type Hook, type Opening, type Tx } from './transaction.js';

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
    this.#client = new client({ adapter: watchedAdapter(database) }) as Transactional;
  }

  /** Runs `run` in one transaction that sees and writes the rows of this tenant only. */
  async forTenant<T>(tenantId: TenantId, run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    return this.#transact(this.#database.openingFor(tenantId), run);
  }

  /** Runs `run` in one transaction that sees the rows of all tenants; `systemReasons` is the list of all uses. */
  async asSystem<T>(reason: SystemReason, run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    return this.#transact(this.#database.openingAsSystem(reason), run);
  }

  /** Releases the client; the connections belong to the `Database` and are closed with it. */
  async close(): Promise<void> {
    await this.#client.$disconnect();
  }

  #transact<T>(opening: Opening, run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    const { schema, onError } = this.#database;
    const kind = opening.tenantId === undefined ? 'system' : 'tenant';
    return exclusively((hooks) => observed({ schema, kind }, () => this.#commit(opening, hooks, run)), onError);
  }

  async #commit<T>(opening: Opening, hooks: Hook[], run: (tx: PrismaTx<Client>) => Promise<T>): Promise<T> {
    const watched: Watched = { client: undefined, failed: false };
    let committing = false;
    const begun = async (prisma: unknown): Promise<T> => {
      if (!watched.client) throw new Error('Prisma began a transaction on a connection that is not of this pool');
      const tx = new PgTx(watched.client, opening, hooks);
      try {
        const result = await run(withModels<Client>(tx, prisma as PrismaModels<Client>));
        if (watched.failed || tx.failed) await refuseAborted(tx);
        await tx.end();
        committing = true;
        return result;
      } finally {
        await tx.end().catch(() => undefined);
      }
    };
    try {
      return await watching.run(watched, () => this.#client.$transaction(begun, limits));
    } catch (error) {
      throw committing && error instanceof Error ? commitFailure(error) : error;
    }
  }
}

/** Prisma would send COMMIT and not notice that Postgres, after a failed statement, answers ROLLBACK. */
async function refuseAborted(tx: PgTx): Promise<void> {
  await tx.query('select').catch((cause: unknown) => {
    throw new DatabaseFailure('transaction_aborted', undefined, { cause });
  });
}

/** Prisma's adapter, which also notes when a statement of a transaction fails. */
function watchedAdapter(database: Database): PrismaPg {
  const factory = new PrismaPg(database.pool, {
    schema: database.schema,
    onConnectionError: database.onError,
    statementNameGenerator: ({ sql }) => statementName(sql),
  });
  const connect = factory.connect.bind(factory);
  factory.connect = async () => {
    const adapter = await connect();
    const start = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (level) => noteFailures(await start(level));
    return adapter;
  };
  return factory;
}

function noteFailures(transaction: Transaction): Transaction {
  const watched = watching.getStore();
  const noted = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (watched) watched.failed = true;
      throw error;
    }
  };
  const { queryRaw, executeRaw } = transaction;
  transaction.queryRaw = (query) => noted(queryRaw.call(transaction, query));
  transaction.executeRaw = (query) => noted(executeRaw.call(transaction, query));
  return transaction;
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
