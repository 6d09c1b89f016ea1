import { detached, type Database, type SystemReason } from '@support101/database';
import { idempotencyKeptMs } from './idempotency.js';
import { silentLog, type MessagingLog } from './messaging-log.js';
import { systemTime, type TimeSource } from '@support101/time';

const day = 24 * 60 * 60 * 1000;

/** What is deleted after which time, in milliseconds. Published events stay longest a broker may be rebuilt from them. */
export const retentionMs = { published: 7 * day, inbox: 30 * day, idempotency: idempotencyKeptMs } as const;

/** How many rows of each kind a sweep deleted. */
export interface SweepResult {
  readonly published: number;
  readonly inbox: number;
  readonly idempotency: number;
}

// Small transactions: on embedded Postgres everything else waits for each of them.
const rowsPerStatement = 500;

const deletions = {
  published: 'delete from outbox where ctid = any (array(select ctid from outbox where published_at < $1 limit $2)) returning 1',
  inbox: 'delete from inbox where ctid = any (array(select ctid from inbox where handled_at < $1 limit $2)) returning 1',
  idempotency:
    'delete from idempotency_keys where ctid = any (array(select ctid from idempotency_keys where answered_at < $1 limit $2)) returning 1',
} as const;

/** Deletes what outbox, inbox and idempotency keys need no longer. Dead letters stay until they are replayed. */
export class Housekeeping {
  readonly #log: MessagingLog;
  readonly #time: TimeSource;
  readonly #periodMs: number;
  #cancel: () => void = () => undefined;
  #sweeping: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly database: Pick<Database, 'asSystem'>,
    options: { log?: MessagingLog; time?: TimeSource; periodMs?: number } = {},
  ) {
    this.#log = options.log ?? silentLog;
    this.#time = options.time ?? systemTime;
    this.#periodMs = options.periodMs ?? 15 * 60 * 1000;
  }

  /** Sweeps from now on, every 15 minutes unless told. */
  start(): void {
    this.#cancel = this.#time.schedule(this.#periodMs, () => {
      this.#sweeping = detached(() => this.sweep())
        .catch((error: unknown) => this.#log.warn({ error }, 'old messaging rows could not be deleted'))
        .finally(() => {
          if (!this.#stopped) this.start();
        });
      return this.#sweeping;
    });
  }

  /** Sweeps once. */
  async sweep(): Promise<SweepResult> {
    return {
      published: await this.#delete('outbox-relay', 'published'),
      inbox: await this.#delete('inbox-sweep', 'inbox'),
      idempotency: await this.#delete('inbox-sweep', 'idempotency'),
    };
  }

  /** Waits for a running sweep. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#sweeping;
  }

  async #delete(reason: SystemReason, kind: keyof typeof deletions): Promise<number> {
    const before = new Date(this.#time.now().getTime() - retentionMs[kind]);
    let deleted = 0;
    for (let last = rowsPerStatement; last === rowsPerStatement && !this.#stopped; deleted += last) {
      const rows = await this.database.asSystem(reason, (tx) => tx.query(deletions[kind], [before, rowsPerStatement]));
      last = rows.length;
    }
    return deleted;
  }
}
