import { type CommonRedisOptions, Redis } from 'ioredis';

/** What connections differ in: how long a command may take, in milliseconds, and scripts that become commands. */
export type ConnectionOptions = Pick<CommonRedisOptions, 'commandTimeout' | 'scripts'>;

/** A connection for commands that must not wait for an outage to end. It connects when it is told to. */
export class RedisConnection {
  readonly redis: Redis;
  #lastError: Error | undefined;

  /** `url`: `redis://[user:password@]host:port[/database]`, `rediss://` with TLS. */
  constructor(url: string, options: ConnectionOptions = {}) {
    this.redis = new Redis(url, {
      ...options,
      lazyConnect: true,
      // What is sent while Redis is away fails at once, instead of waiting in a queue that hides the outage.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 3_000,
      retryStrategy: reconnectAfter,
    });
    // Without a listener an outage would end the process.
    this.redis.on('error', (error: Error) => (this.#lastError = error));
    this.redis.on('ready', () => (this.#lastError = undefined));
  }

  /** True while Redis answers. */
  get up(): boolean {
    return this.redis.status === 'ready';
  }

  /** `host:port`. */
  get address(): string {
    const { host, port } = this.redis.options;
    return `${host}:${port}`;
  }

  /** Why Redis cannot be reached, as far as is known. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** That Redis does not answer, where and why, in one clause without its password. */
  get outage(): string {
    const reason = this.#lastError === undefined ? '' : `: ${this.#lastError.message}`;
    return `Redis does not answer at ${this.address}${reason}`;
  }

  /** Starts to connect, and goes on trying until it is closed. */
  start(): void {
    void this.redis.connect().catch(() => undefined);
  }

  /** Connects; closes and throws when Redis does not answer within so many milliseconds. */
  async connected(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    this.start();
    while (!this.up) {
      if (performance.now() > deadline) {
        this.close();
        throw new Error(this.outage, { cause: this.#lastError });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the connection without a word to those who listen for its loss. */
  close(): void {
    this.redis.removeAllListeners('close');
    this.redis.disconnect();
  }
}

/** Milliseconds before the next try to connect; quick at first, as most outages are short. */
function reconnectAfter(times: number): number {
  return Math.min(100 * 2 ** Math.min(times, 4), 1_000);
}
