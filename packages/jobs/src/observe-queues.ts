import { measures, remembered } from '@support101/telemetry';
import type { JobDriver } from './job-driver.js';

/** How long an answer of the driver is shown again instead of asking, in milliseconds. */
const freshMs = 2_000;

/** Shows what queues keep until the function that it gives is called; one that cannot be asked is left out. */
export function observeQueues(driver: Pick<JobDriver, 'counts'>, queues: readonly string[]): () => void {
  if (queues.length === 0) return () => undefined;
  const read = remembered(freshMs, () => Promise.allSettled(queues.map((queue) => driver.counts(queue))));
  return measures.jobsQueued.observe(async (observe) => {
    const all = await read();
    all.forEach((counts, index) => {
      const job = queues[index] ?? '';
      if (counts.status === 'rejected') return;
      observe(counts.value.waiting, { job, state: 'waiting' });
      observe(counts.value.delayed, { job, state: 'delayed' });
      observe(counts.value.active, { job, state: 'active' });
    });
  });
}
