import type { Duplex } from 'node:stream';
import type { TenantId } from '@support101/contracts';
import type pg from 'pg';
import { commitFailure, DatabaseFailure, isConnectionLoss, statementFailure } from './failures.js';
import { takeConnection } from './pool.js';
import type { Hook, Tx } from './transaction.js';

/** What a transaction is opened with. */
export interface Opening {
  /** The statements that open it, as one text: one round trip. */
  readonly text: string;
  readonly tenantId: TenantId | undefined;
}

/** Runs `run` in one transaction on one connection: commits when it resolves, rolls back when it throws. */
export async function transact<T>(pool: pg.Pool, opening: Opening, hooks: Hook[], run: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await takeConnection(pool);
  const tx = new PgTx(client, opening, hooks);
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

/**
 * Runs `run` in one transaction in a single round trip: COMMIT is sent right behind what `run` asks for without waiting
 * for an answer. A statement that fails makes Postgres roll back; so does `run` when it fails by itself until then.
 */
export async function transactAtOnce<T>(pool: pg.Pool, opening: Opening, hooks: Hook[], run: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await takeConnection(pool);
  const send = inOnePiece(client);
  const tx = new PgTx(client, opening, hooks);
  client.on('error', tx.lose);
  try {
    const running = callAsync(() => run(tx));
    const failed = await failsAtOnce(running);
    const ending = failed ? tx.rollback() : tx.commit();
    send();
    const [result, ended] = await Promise.allSettled([running, ending]);
    // Lost on the way, a statement says that nothing was committed; with COMMIT behind it nobody knows.
    if (ended.status === 'rejected' && (tx.lost || result.status === 'fulfilled')) throw ended.reason;
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  } finally {
    tx.leave();
  }
}

/** Calls `run`, which may throw before it gives its promise. */
async function callAsync<T>(run: () => Promise<T>): Promise<T> {
  return run();
}

/** Whether it fails without waiting for anything outside the process: the next tick comes when all promises have settled. */
async function failsAtOnce(running: Promise<unknown>): Promise<boolean> {
  let failed = false;
  running.catch(() => (failed = true));
  await new Promise<void>((resolve) => process.nextTick(resolve));
  return failed;
}

/** What is asked until the answer is called goes to the server in one write: each one costs both sides a system call. */
function inOnePiece(client: pg.PoolClient): () => void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Duplex } }).connection;
  stream.cork();
  return () => stream.uncork();
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
  #over = false;
  #decided = false;

  constructor(client: pg.PoolClient, opening: Opening, hooks: Hook[]) {
    this.#client = client;
    this.#hooks = hooks;
    this.tenantId = opening.tenantId;
    // Not awaited: the first statement travels right behind. Should opening fail, the transaction is aborted, that
    // statement fails too, and `query` and `end` report the cause.
    this.#opened = client.query(opening.text).catch((error: unknown) => {
      throw statementFailure(error);
    });
    this.#opened.catch(() => undefined);
  }

  async query<Row extends object>(text: string, values?: readonly unknown[], name?: string): Promise<Row[]> {
    if (!this.#open) throw new DatabaseFailure('transaction_closed');
    const statement: pg.QueryConfig = { text };
    if (values) statement.values = [...values];
    if (name !== undefined) statement.name = name;
    try {
      const { rows } = await this.#client.query<Row>(statement);
      return rows;
    } catch (error) {
      this.failed = true;
      await this.#opened;
      throw statementFailure(error);
    }
  }

  /** Also while COMMIT is under way, since in a burst it is before any answer has come. */
  afterCommit(run: Hook): void {
    if (this.#over) throw new DatabaseFailure('transaction_closed');
    this.#hooks.push(run);
  }

  /** Takes no more statements; throws what opening threw. */
  async end(): Promise<void> {
    this.#open = false;
    this.#over = true;
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

  /** Takes no more hooks; gives the connection back, or up. */
  leave(): void {
    this.#over = true;
    this.#client.off('error', this.lose);
    this.#client.release(this.lost);
  }

  readonly lose = (error: Error): void => {
    this.lost ??= error;
  };
}
