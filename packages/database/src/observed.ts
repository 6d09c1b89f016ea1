import { SpanKind } from '@opentelemetry/api';
import { inDetailSpan, measures } from '@support101/telemetry';
import type pg from 'pg';

/** Whose transaction it is. */
export interface Observed {
  readonly schema: string;
  readonly kind: 'tenant' | 'system';
}

/** Measures one transaction from the wait for its connection to its end; in a trace that is recorded it is a span. */
export async function observed<T>({ schema, kind }: Observed, run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  let outcome = 'failed';
  try {
    const attributes = { 'db.system.name': 'postgresql', 'db.namespace': schema, 'support101.transaction': kind };
    const result = await inDetailSpan(`transaction ${schema}`, { kind: SpanKind.CLIENT, attributes }, run);
    outcome = 'committed';
    return result;
  } finally {
    measures.transactions.since(startedAt, { schema, kind, outcome });
  }
}

/** Shows the connections of a pool until the function that it gives is called. */
export function observePool(pool: pg.Pool, schema: string): () => void {
  const stops = [
    measures.connections.observe((observe) => {
      observe(pool.totalCount - pool.idleCount, { schema, state: 'used' });
      observe(pool.idleCount, { schema, state: 'idle' });
    }),
    measures.connectionWaits.observe((observe) => observe(pool.waitingCount, { schema })),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
