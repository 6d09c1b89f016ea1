import type { EventEnvelope } from '@support101/contracts';
import type { Database, Tx } from '@support101/database';
import type { OutboxRelayOptions } from './outbox-relay.js';
import { systemTime, type TimeSource } from '@support101/time';
import type { EventStore, PublishResult, TransportStatus } from './transport.js';

/** A broker that keeps what it is given, and does as it is told. */
export class FakeBroker {
  readonly taken: EventEnvelope[] = [];
  /** What is on its disk; the index is the number. */
  kept: EventEnvelope[] = [];
  store = 'first';
  state: TransportStatus['state'] = 'up';
  /** Says how the publish of an event ends; taken unless told. */
  decide: (event: EventEnvelope) => Promise<void> | void = () => undefined;

  async publish(events: readonly EventEnvelope[]): Promise<PublishResult[]> {
    const results: PublishResult[] = [];
    for (const event of events) {
      try {
        if (results.some((result) => !result.ok)) throw new Error('the one before failed');
        await this.decide(event);
        this.taken.push(event);
        results.push({ id: event.id, ok: true, storedAt: { store: this.store, sequence: this.kept.push(event) - 1 } });
      } catch (error) {
        results.push({ id: event.id, ok: false, error: error as Error });
      }
    }
    return results;
  }

  status(): TransportStatus {
    return { kind: 'nats', state: this.state, pending: {} };
  }

  async eventStore(): Promise<EventStore> {
    return { name: this.store, holds: async (id, sequence) => this.kept[sequence]?.id === id };
  }

  get steps(): string[] {
    return this.taken.map(({ data }) => `${String(data['thing'])}${String(data['step'])}`);
  }
}

/** A database as the relay sees it, with its transactions done by `transact`. */
export function databaseOf(
  database: Database,
  transact: <T>(run: (tx: Tx) => Promise<T>) => Promise<T> = (run) => database.burstAsSystem('test', run),
): OutboxRelayOptions['database'] {
  const { embedded, schema } = database;
  return { embedded, schema, asSystem: (_, run) => transact(run), burstAsSystem: (_, run) => transact(run) };
}

/** A process that can be killed, also right before it marks: from then on none of its statements and timers happens. */
export function mortal(database: Database, killBeforeMark = false) {
  let dead = false;
  const transact = <T>(run: (tx: Tx) => Promise<T>): Promise<T> => {
    if (dead) return new Promise(() => undefined);
    return database.asSystem('test', (tx) => {
      const query: Tx['query'] = (text, values, name) => {
        if (killBeforeMark && text.includes('set published_at')) {
          dead = true;
          throw new Error('killed');
        }
        return tx.query(text, values, name);
      };
      return run({ tenantId: tx.tenantId, query, afterCommit: (hook) => tx.afterCommit(hook) });
    });
  };
  const time: TimeSource = {
    now: () => systemTime.now(),
    schedule: (delayMs, run) => systemTime.schedule(delayMs, () => (dead ? undefined : run())),
  };
  return { database: databaseOf(database, transact), time, kill: () => (dead = true) };
}
