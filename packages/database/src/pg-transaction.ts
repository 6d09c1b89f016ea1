import type { TenantId } from '@support101/contracts';
import type pg from 'pg';
import { commitFailure, DatabaseFailure, isConnectionLoss, isStaleStatement, statementFailure } from './failures.js';
import { takeConnection } from './pool.js';
import { preparedName, settingsText, type Hook, type Opening, type Tx } from './transaction.js';

/** Runs `run` in one transaction on one connection: commits when it resolves, rolls back when it throws. */
export async function transact<T>(pool: pg.Pool, opening: Opening, hooks: Hook[], run: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await takeConnection(pool);
  const tx = new PgTx(client, opening, hooks, 'begin; ');
  // Also keeps a connection that breaks now from ending the process.
  client.on('error', tx.lose);
  try {
    const result = await run(tx);
    await tx.commit();
    return result;
  } catch (error) {
    await tx.rollback();
    throw error;
  } finally {
    tx.leave();
  }
}

/** Statements on a connection between BEGIN and the end of the transaction. */
export class PgTx implements Tx {
  readonly tenantId: TenantId | undefined;
  /** Whether a statement has failed, so that the transaction may be aborted. */
  failed = false;
  /** Why the connection cannot be used again. */
  lost: Error | undefined;
  readonly #client: pg.PoolClient;
  readonly #hooks: Hook[];
  readonly #opened: Promise<unknown>;
  #open = true;
  #decided = false;

  constructor(client: pg.PoolClient, opening: Opening, hooks: Hook[], begin = '') {
    this.#client = client;
    this.#hooks = hooks;
    this.tenantId = opening.tenantId;
    // Not awaited: the first statement travels right behind. Should opening fail, the transaction is aborted, that
    // statement fails too, and `query` and `end` report the cause.
    this.#opened = client.query(begin + settingsText(opening.settings)).catch((error: unknown) => {
      throw statementFailure(error);
    });
    this.#opened.catch(() => undefined);
  }

  async query<Row extends object>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]> {
    if (!this.#open) throw new DatabaseFailure('transaction_closed');
    const statement: pg.QueryConfig = { text };
    if (values) statement.values = [...values];
    const prepared = preparedName(name, this.tenantId);
    if (prepared !== undefined) statement.name = prepared;
    try {
      const { rows } = await this.#client.query<Row>(statement);
      return rows;
    } catch (error) {
      this.failed = true;
      if (isStaleStatement(error)) this.lose(error as Error);
      await this.#opened;
      throw statementFailure(error);
    }
  }

  afterCommit(run: Hook): void {
    if (!this.#open) throw new DatabaseFailure('transaction_closed');
    this.#hooks.push(run);
  }

  /** Takes no more statements; throws what opening threw. */
  async end(): Promise<void> {
    this.#open = false;
    await this.#opened;
  }

  /** Sends COMMIT at once, behind what is under way: what has failed by then makes Postgres answer ROLLBACK. */
  async commit(): Promise<void> {
    this.#open = false;
    this.#decided = true;
    const [opened, answer] = await Promise.allSettled([this.#opened, this.#client.query('commit')]);
    if (answer.status === 'rejected') {
      if (isConnectionLoss(answer.reason)) this.lose(answer.reason as Error);
      throw commitFailure(answer.reason as Error);
    }
    if (opened.status === 'rejected') throw opened.reason;
    if (answer.value.command === 'ROLLBACK') throw new DatabaseFailure('transaction_aborted');
  }

  /** Never throws: what the caller wants to hear is why it was rolled back. */
  async rollback(): Promise<void> {
    this.#open = false;
    if (this.#decided || this.lost) return;
    this.#decided = true;
    await this.#client.query('rollback').catch(this.lose);
  }

  /** Gives the connection back, or up. */
  leave(): void {
    this.#client.off('error', this.lose);
    this.#client.release(this.lost);
  }

  readonly lose = (error: Error): void => {
    this.lost ??= error;
  };
}
