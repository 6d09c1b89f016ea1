import type { TenantId } from '@support101/contracts';
import type pg from 'pg';
import { DatabaseFailure, isConnectionLoss } from './failures.js';
import { messageOf, takeConnection } from './pool.js';
import { runHooks, type Tx } from './transaction.js';

/** What a transaction is opened with. */
export interface Opening {
  readonly pool: pg.Pool;
  /** The statements that begin it and set role and tenant, in one text: one round trip. */
  readonly text: string;
  readonly tenantId: TenantId | undefined;
  /** Whether named statements are kept by the connection. */
  readonly named: boolean;
  readonly onError: (error: Error) => void;
}

/** Runs `run` in one transaction on one connection: commits when it resolves, rolls back when it throws. */
export async function transact<T>(opening: Opening, run: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await takeConnection(opening.pool);
  const tx = new PgTx(client, opening);
  client.on('error', tx.lose);
  let result: T;
  try {
    result = await run(tx);
    await tx.commit();
  } catch (error) {
    await tx.rollback();
    throw error;
  } finally {
    client.off('error', tx.lose);
    client.release(tx.lost);
  }
  runHooks(tx.hooks, opening.onError);
  return result;
}

class PgTx implements Tx {
  readonly tenantId: TenantId | undefined;
  readonly hooks: (() => void)[] = [];
  /** Why the connection cannot be used again. */
  lost: Error | undefined;
  readonly #client: pg.PoolClient;
  readonly #named: boolean;
  readonly #opened: Promise<unknown>;
  #open = true;
  #decided = false;

  constructor(client: pg.PoolClient, opening: Opening) {
    this.#client = client;
    this.tenantId = opening.tenantId;
    this.#named = opening.named;
    // Not awaited: the first statement travels behind it. When opening fails the transaction is aborted, so is the
    // statement, and `query` and `commit` report the cause.
    this.#opened = client.query(opening.text);
    this.#opened.catch(() => undefined);
  }

  async query<Row extends object>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]> {
    if (!this.#open) throw new DatabaseFailure('transaction_closed');
    const statement: pg.QueryConfig = { text };
    if (values) statement.values = [...values];
    if (name !== undefined && this.#named) statement.name = name;
    try {
      const { rows } = await this.#client.query<Row>(statement);
      return rows;
    } catch (error) {
      await this.#opened;
      throw error;
    }
  }

  afterCommit(run: () => void): void {
    if (!this.#open) throw new DatabaseFailure('transaction_closed');
    this.hooks.push(run);
  }

  async commit(): Promise<void> {
    this.#open = false;
    await this.#opened;
    this.#decided = true;
    const command = await this.#client.query('commit').then(
      (result) => result.command,
      (error: Error) => {
        throw this.#commitFailure(error);
      },
    );
    if (command === 'ROLLBACK') throw new DatabaseFailure('transaction_aborted');
  }

  /** Never throws: what the caller wants to hear is why it was rolled back. */
  async rollback(): Promise<void> {
    this.#open = false;
    if (this.#decided || this.lost) return;
    this.#decided = true;
    await this.#client.query('rollback').catch(this.lose);
  }

  readonly lose = (error: Error): void => {
    this.lost ??= error;
  };

  #commitFailure(error: Error): Error {
    if (!isConnectionLoss(error)) return error;
    this.lose(error);
    return new DatabaseFailure('commit_outcome_unknown', messageOf(error), { cause: error });
  }
}
