import { randomUUID } from 'node:crypto';
import { RedisConnection } from '@support101/redis';
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
    readonly connection: RedisConnection,
    private readonly log: JobsLog,
  ) {}

  /** Connects; throws when Redis does not answer in time, or may evict keys. */
  static async open(options: RedisOptions, log: JobsLog): Promise<RedisLink> {
    const connection = new RedisConnection(options.url, { commandTimeout: 3_000 });
    const { redis } = connection;
    const link = new RedisLink(connection, log);
    await connection.connected(options.connectWithinMs ?? 10_000);
    try {
      await refuseEviction(redis, log);
      await link.#look();
    } catch (error) {
      connection.close();
      throw error;
    }
    redis.on('ready', () => void link.#connectedAgain());
    redis.on('close', () => log.warn({ error: connection.lastError }, 'the connection to Redis is lost'));
    link.#timer = setInterval(() => void link.#look().catch(() => undefined), watchMs).unref();
    return link;
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
    this.connection.close();
  }

  async #connectedAgain(): Promise<void> {
    this.log.info({}, 'connected to Redis again');
    await this.#look().catch(() => undefined);
    // A server that was killed may have lost its last second.
    this.#lost();
  }

  async #look(): Promise<void> {
    if (!this.connection.up || this.#watching) return;
    this.#watching = true;
    try {
      const { redis } = this.connection;
      await redis.set(epochKey, randomUUID(), 'NX');
      const epoch = await redis.get(epochKey);
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

/** A Redis that evicts keys when memory is short throws away jobs one key at a time, and leaves the rest broken. */
async function refuseEviction(redis: RedisConnection['redis'], log: JobsLog): Promise<void> {
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
