import { setImmediate as immediate } from 'node:timers/promises';
import { DatabaseFailure, isConnectionLoss, isDatabaseFailure } from './failures.js';
import type { Database } from './database.js';
import type { SystemReason } from './system-reason.js';
import { detached, refuseInTransaction, type Tx } from './transaction.js';

/** How a group writer writes. */
export interface GroupWriterOptions<Row, Result> {
  readonly database: Pick<Database, 'asSystem' | 'burstAsSystem'>;
  /** Rows of several tenants share a statement, so it runs under the system role: the rows must name their tenant. */
  readonly reason: SystemReason;
  /**
   * Writes the rows, best as one multi-row statement (`insert … select … from unnest($1::text[], …)`), and answers for
   * each in the same order. It is run again with fewer rows when it throws.
   */
  readonly write: (tx: Tx, rows: readonly Row[]) => Promise<readonly Result[]>;
  /** `write` asks for everything before it waits for an answer, so that a batch is one round trip. */
  readonly burst?: boolean;
  /** Rows in one statement at most; 500 unless told. */
  readonly maxRows?: number;
  /** Rows waiting at most before `offer` refuses with `database_busy`; 20,000 unless told. */
  readonly maxWaiting?: number;
}

/** Collects rows of concurrent callers into shared commits. */
export interface GroupWriter<Row, Result> {
  /** Resolves with the row's own result when its batch is committed; rejects with the row's own failure. */
  offer(row: Row): Promise<Result>;
  /** Refuses new rows and resolves when those offered are written. */
  close(): Promise<void>;
}

interface Waiting<Row, Result> {
  readonly row: Row;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: while one statement is under way, offered rows wait; then all of them go in the next one. Alone, a row
 * waits for nobody; under load, hundreds share one commit.
 */
export function groupWriter<Row, Result>(options: GroupWriterOptions<Row, Result>): GroupWriter<Row, Result> {
  const { maxRows = 500, maxWaiting = 20_000 } = options;
  const waiting: Waiting<Row, Result>[] = [];
  let loop: Promise<void> | undefined;
  let closed = false;

  async function work(): Promise<void> {
    // Until the event loop's turn is over, so that rows offered together are written together.
    await immediate();
    while (waiting.length > 0) await writeBatch(options, waiting.splice(0, maxRows));
    loop = undefined;
  }

  return {
    async offer(row) {
      refuseInTransaction();
      if (closed) throw new DatabaseFailure('database_closed');
      if (waiting.length >= maxWaiting) throw new DatabaseFailure('database_busy', `${waiting.length} rows are waiting.`);
      const result = new Promise<Result>((resolve, reject) => waiting.push({ row, resolve, reject }));
      loop ??= detached(work);
      return result;
    },
    async close() {
      closed = true;
      await loop;
    },
  };
}

/** Halves a batch that fails until the rows that are at fault stand alone. Never throws. */
async function writeBatch<Row, Result>(
  options: GroupWriterOptions<Row, Result>,
  batch: readonly Waiting<Row, Result>[],
): Promise<void> {
  try {
    const rows = batch.map(({ row }) => row);
    const { database, reason, burst = false } = options;
    const write = async (tx: Tx): Promise<readonly Result[]> => {
      const answers = await options.write(tx, rows);
      if (answers.length !== rows.length) throw new Error(`write answered ${answers.length} times for ${rows.length} rows`);
      return answers;
    };
    const results = await (burst ? database.burstAsSystem(reason, write) : database.asSystem(reason, write));
    for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
  } catch (error) {
    // A lost connection is no row's fault, and when the commit's outcome is unknown a second try could write twice.
    if (batch.length === 1 || isConnectionLoss(error) || isDatabaseFailure(error, 'commit_outcome_unknown')) {
      for (const { reject } of batch) reject(error);
      return;
    }
    const middle = Math.ceil(batch.length / 2);
    await writeBatch(options, batch.slice(0, middle));
    await writeBatch(options, batch.slice(middle));
  }
}
