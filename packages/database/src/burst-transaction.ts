import type { TenantId } from '@support101/contracts';
import type pg from 'pg';
import { Burst, wireValues, type BurstStatement } from './burst.js';
import { commitFailure, DatabaseFailure, isConnectionLoss, isStaleStatement, statementFailure } from './failures.js';
import { takeConnection } from './pool.js';
import { preparedName, preparedSettings, type Hook, type Opening, type Tx } from './transaction.js';

/**
 * Runs `run` in one transaction in a single round trip: what it asks for before it waits for anything outside the process
 * is sent in one piece and committed, unless a statement of it fails, or `run` by itself until then.
 */
export async function transactAtOnce<T>(pool: pg.Pool, opening: Opening, hooks: Hook[], run: (tx: Tx) => Promise<T>): Promise<T> {
  // In a microtask, whoever called: only there the next tick comes after all that settles by itself.
  await Promise.resolve();
  const tx = new BurstTx(opening, hooks);
  try {
    const running = callAsync(() => run(tx));
    const sending = (await failsAtOnce(running)) ? undefined : tx.send(pool);
    const [result, sent] = await Promise.allSettled([running, sending]);
    // A lost connection says more than its statements do: they know only that they have no answer.
    if (sent.status === 'rejected' && (result.status === 'fulfilled' || tx.lost)) throw sent.reason;
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

/** Collects the statements of a transaction until they are sent. */
class BurstTx implements Tx {
  readonly tenantId: TenantId | undefined;
  /** Whether the connection broke, so that nobody knows what became of what was sent. */
  lost = false;
  readonly #hooks: Hook[];
  readonly #statements: BurstStatement[] = [];
  #open = true;
  #over = false;

  constructor(opening: Opening, hooks: Hook[]) {
    this.tenantId = opening.tenantId;
    this.#hooks = hooks;
    const name = preparedName('open', opening.tenantId);
    this.#statements.push({ ...preparedSettings(opening.settings), name, resolve: ignore, reject: ignore });
  }

  async query<Row extends object>(text: string, values: readonly unknown[] = [], name?: string): Promise<Row[]> {
    if (!this.#open) throw new DatabaseFailure('transaction_closed');
    const given = wireValues(values);
    return new Promise<Row[]>((resolve, reject) => {
      const refuse = (error: Error) => reject(statementFailure(error));
      const prepared = preparedName(name, this.tenantId);
      this.#statements.push({
        text,
        name: prepared,
        values: given,
        resolve: resolve as (rows: object[]) => void,
        reject: refuse,
      });
    });
  }

  afterCommit(run: Hook): void {
    if (this.#over) throw new DatabaseFailure('transaction_closed');
    this.#hooks.push(run);
  }

  /** Takes no more statements; resolves when those that it has are committed. */
  async send(pool: pg.Pool): Promise<void> {
    this.#open = false;
    const client = await this.#connection(pool);
    let broken: Error | undefined;
    // Also keeps a connection that breaks now from ending the process.
    const lose = (error: Error) => void (broken ??= error);
    client.on('error', lose);
    try {
      await new Promise<void>((resolve, reject) => {
        const burst = new Burst(this.#statements, (error) => {
          if (error !== undefined) {
            if (isConnectionLoss(error) || isStaleStatement(error)) lose(error);
            this.lost = burst.sent && isConnectionLoss(error);
            return reject(burst.sent ? commitFailure(error) : statementFailure(error));
          }
          if (client.getTransactionStatus() === 'I') return resolve();
          // Given up with its connection, it takes nobody else's statements in.
          broken = new DatabaseFailure('transaction_aborted', 'A statement of the burst began a transaction of its own.');
          reject(broken);
        });
        client.query(burst);
      });
    } finally {
      client.off('error', lose);
      client.release(broken);
    }
  }

  /** Takes no more hooks. */
  leave(): void {
    this.#open = false;
    this.#over = true;
  }

  async #connection(pool: pg.Pool): Promise<pg.PoolClient> {
    try {
      return await takeConnection(pool);
    } catch (error) {
      for (const { reject } of this.#statements) reject(error as Error);
      throw error;
    }
  }
}

// What opening answers is nobody's; its failure is that of the statements behind it.
const ignore = () => undefined;
