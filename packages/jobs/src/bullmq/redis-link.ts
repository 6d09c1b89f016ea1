import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { JobsLog } from '../jobs-log.js';

/** How to reach Redis. */
export interface RedisOptions {
  /** `redis://[user:password@]host:port[/database]`, `rediss://` with TLS. */
  readonly url: string;
  readonly log?: JobsLog;
  /** How long the first connection may take, in milliseconds: 10 s unless told. */
  readonly connectWithinMs?: number;
}

/** Its value is another one after Redis has lost its data. */
const epochKey = 's101:jobs:epoch';
const watchMs = 2_000;

/** A connection for short commands, that knows whether Redis answers and whether it still has its data. */
export class RedisLink {
  #epoch: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lost: () => void = () => undefined;
  #watching = false;

  private constructor(
    readonly redis: Redis,
    private readonly log: JobsLog,
  ) {}

  /** Connects; throws when Redis does not answer in time, or may evict keys. */
  static async open(options: RedisOptions, log: JobsLog): Promise<RedisLink> {
    const redis = new Redis(options.url, {
      lazyConnect: true,
      // What is sent while Redis is away fails at once, instead of waiting in a queue that hides the outage.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 3_000,
      connectTimeout: 3_000,
      retryStrategy: reconnectAfter,
    });
    let lastError: Error | undefined;
    redis.on('error', (error: Error) => (lastError = error));
    const link = new RedisLink(redis, log);
    try {
      await answered(redis, options.connectWithinMs ?? 10_000, () => lastError);
      await refuseEviction(redis, log);
      await link.#look();
    } catch (error) {
      redis.disconnect();
      throw error;
    }
    redis.on('ready', () => void link.#connectedAgain());
    redis.on('close', () => log.warn({ error: lastError }, 'the connection to Redis is lost'));
    link.#timer = setInterval(() => void link.#look().catch(() => undefined), watchMs).unref();
    return link;
  }

  /** True while Redis answers. */
  get up(): boolean {
    return this.redis.status === 'ready';
  }

  /** Calls `listener` when data may have been lost: after each reconnection, and when the data are others. */
  onLost(listener: () => void): void {
    const before = this.#lost;
    this.#lost = () => {
      before();
      listener();
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.redis.removeAllListeners('close');
    this.redis.disconnect();
  }

  async #connectedAgain(): Promise<void> {
    this.log.info({}, 'connected to Redis again');
    await this.#look().catch(() => undefined);
    // A server that was killed may have lost its last second.
    this.#lost();
  }

  async #look(): Promise<void> {
    if (!this.up || this.#watching) return;
    this.#watching = true;
    try {
      await this.redis.set(epochKey, randomUUID(), 'NX');
      const epoch = await this.redis.get(epochKey);
      const other = this.#epoch !== undefined && epoch !== this.#epoch;
      this.#epoch = epoch ?? undefined;
      if (!other) return;
      this.log.warn({}, 'Redis has lost its data');
      this.#lost();
    } finally {
      this.#watching = false;
    }
  }
}

/** Milliseconds before the next try to connect; quick at first, as most outages are short. */
export function reconnectAfter(times: number): number {
  return Math.min(100 * 2 ** Math.min(times, 4), 1_000);
}

async function answered(redis: Redis, withinMs: number, lastError: () => Error | undefined): Promise<void> {
  const deadline = performance.now() + withinMs;
  void redis.connect().catch(() => undefined);
  while (redis.status !== 'ready') {
    if (performance.now() > deadline) {
      const { host, port } = redis.options;
      throw new Error(`Redis does not answer at ${host}:${port}: ${lastError()?.message ?? 'no connection'}`, {
        cause: lastError(),
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A Redis that evicts keys when memory is short throws away jobs one key at a time, and leaves the rest broken. */
async function refuseEviction(redis: Redis, log: JobsLog): Promise<void> {
  const memory = await redis.info('memory');
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    throw new Error(`Redis must not evict keys: its maxmemory-policy is ${policy}, must be noeviction`);
  }
  const persistence = await redis.info('persistence');
  if (!persistence.includes('aof_enabled:1')) {
    log.warn({}, 'Redis keeps no append-only file: after its crash, jobs come back from the database by the next sweep');
  }
}
