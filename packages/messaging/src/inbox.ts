import type { EventContract } from '@support101/contracts';
import type { Tx } from '@support101/database';
import type { Delivery } from './answers.js';
import type { Transactor } from './database-ports.js';
import { systemTime, type TimeSource } from '@support101/time';

const insertSeen = `insert into inbox (tenant_id, durable, event_id, handled_at) values ($1, $2, $3, $4) on conflict do nothing returning event_id`;

/** Makes a consumer's effects happen once however often an event is delivered. */
export class Inbox {
  constructor(
    private readonly database: Transactor,
    private readonly time: TimeSource = systemTime,
  ) {}

  /** Runs `run` in the event's tenant transaction unless this durable has already handled the event. */
  once<E extends EventContract>(delivery: Delivery<E>, run: (tx: Tx) => Promise<void>): Promise<'done' | 'duplicate'> {
    return this.oncePrisma(this.database, delivery, run);
  }

  /** Like `once`, in a transaction of the service's PrismaDatabase. */
  oncePrisma<E extends EventContract, T extends Tx>(
    database: Transactor<T>,
    delivery: Delivery<E>,
    run: (tx: T) => Promise<void>,
  ): Promise<'done' | 'duplicate'> {
    const { event, durable } = delivery;
    return database.forTenant(event.tenantid, async (tx) => {
      const values = [event.tenantid, durable, event.id, this.time.now()];
      const inserted = await tx.query(insertSeen, values, 'inbox-once');
      if (inserted.length === 0) return 'duplicate';
      await run(tx);
      return 'done';
    });
  }
}
