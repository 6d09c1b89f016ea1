import { measures, remembered } from '@support101/telemetry';
import type { Transport } from './transport.js';

/** How long an answer of the broker is shown again instead of asking, in milliseconds. */
const freshMs = 2_000;

/** Shows how far durables are behind until the function that it gives is called; one that cannot be asked is left out. */
export function observeLag(transport: Pick<Transport, 'lag'>, durables: readonly string[]): () => void {
  if (durables.length === 0) return () => undefined;
  const read = remembered(freshMs, () => Promise.allSettled(durables.map((durable) => transport.lag(durable))));
  return measures.consumerLag.observe(async (observe) => {
    const lags = await read();
    lags.forEach((lag, index) => {
      const durable = durables[index] ?? '';
      if (lag.status === 'rejected') return;
      observe(lag.value.waiting, { durable, state: 'waiting' });
      observe(lag.value.delivered, { durable, state: 'delivered' });
    });
  });
}
