import type { RedisOptions } from './bullmq/redis-link.js';
import type { JobDriver } from './job-driver.js';

/**
 * Connects to Redis; throws when it does not answer in time, or may evict keys. BullMQ is loaded only here, so that a
 * process without Redis does not pay for it.
 */
export async function openBullMq(options: RedisOptions): Promise<JobDriver> {
  const { BullMqJobDriver } = await import('./bullmq/bullmq-job-driver.js');
  return BullMqJobDriver.open(options);
}
