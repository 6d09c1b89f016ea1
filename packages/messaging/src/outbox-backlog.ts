import { detached, type Database } from '@support101/database';
import { measures, remembered } from '@support101/telemetry';
import type { TimeSource } from '@support101/time';
import { anywhere } from './outbox-rows.js';

/** How long an answer of the database is shown again instead of asking, in milliseconds. */
const freshMs = 5_000;

// Both read the index of waiting rows; a backlog of more is shown as this many.
const backlog = `select
  (select count(*)::int from (select from outbox where ${anywhere('outbox')} limit 100000) as waiting) as waiting,
  (select recorded_at from outbox where ${anywhere('outbox')} order by seq limit 1) as oldest`;

interface Backlog {
  readonly waiting: number;
  readonly oldest: Date | null;
}

/** Shows how much waits in a service's outbox, and for how long, until the function that it gives is called. */
export function observeBacklog(database: Pick<Database, 'asSystem' | 'schema'>, time: TimeSource): () => void {
  const { schema } = database;
  const read = remembered(freshMs, async () => {
    const [row] = await detached(() => database.asSystem('outbox-relay', (tx) => tx.query<Backlog>(backlog)));
    return row ?? { waiting: 0, oldest: null };
  });
  const stops = [
    measures.outboxRows.observe(async (observe) => observe((await read()).waiting, { schema })),
    measures.outboxAge.observe(async (observe) => {
      const { oldest } = await read();
      const seconds = oldest === null ? 0 : Math.max(0, time.now().getTime() - oldest.getTime()) / 1_000;
      observe(seconds, { schema });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
