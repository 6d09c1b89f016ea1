import { connect, type NatsConnection } from '@nats-io/transport-node';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import type { MessagingLog } from '../messaging-log.js';

/** How to reach NATS. */
export interface NatsOptions {
  /** `nats://[user:password@]host:port`, several separated by commas. */
  readonly url: string;
  /** Shown in the server's connection list. */
  readonly name: string;
  readonly log?: MessagingLog;
  /** How long the first connection may take, in milliseconds: 10 s unless told. */
  readonly connectWithinMs?: number;
  /** Copies of the streams in a cluster; 1 unless told. */
  readonly replicas?: number;
}

const betweenConnectsMs = 250;

/** A connection to NATS that comes back by itself, with what it needs to know about its state. */
export class NatsLink {
  readonly js: JetStreamClient;
  #up = true;
  #detail: string;

  private constructor(
    readonly nc: NatsConnection,
    readonly jsm: JetStreamManager,
    private readonly log: MessagingLog,
  ) {
    // Requests to JetStream fail fast; who publishes has an outbox to try again from.
    this.js = jetstream(nc, { timeout: 5_000 });
    this.#detail = this.#server();
  }

  /** Connects; throws when nobody answers in time, naming the server without credentials. */
  static async open(options: NatsOptions, log: MessagingLog): Promise<NatsLink> {
    const { servers, user, pass } = serversOf(options.url);
    const deadline = performance.now() + (options.connectWithinMs ?? 10_000);
    const attempt = () =>
      connect({
        servers,
        name: options.name,
        timeout: 5_000,
        ...(user === undefined ? {} : { user, pass }),
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 250,
        pingInterval: 10_000,
        maxPingOut: 2,
        // Else each publish makes an error with its stack, in case it fails.
        noAsyncTraces: true,
      });
    try {
      // Servers and services often start together.
      const nc = await until(deadline, attempt);
      return new NatsLink(nc, await jetstreamManager(nc, { timeout: 5_000 }), log);
    } catch (cause) {
      throw new Error(
        `NATS does not answer at ${servers.join(', ')}: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  }

  /** False while the connection is lost. */
  get up(): boolean {
    return this.#up && !this.nc.isClosed();
  }

  /** Which server is used, or what is wrong. */
  get detail(): string {
    return this.#detail;
  }

  /** Keeps the state current until the connection closes; `onReconnect` is called after each reconnection. */
  async watch(onReconnect: () => void): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection') this.#lost(status.type);
      if (status.type === 'reconnect') {
        this.#up = true;
        this.#detail = this.#server();
        this.log.info({ server: this.#detail }, 'connected to NATS again');
        onReconnect();
      }
      if (status.type === 'error') this.log.warn({ error: status.error }, 'NATS reported an error');
    }
  }

  /** The version of the server that is used, for example `2.10.27`. */
  get version(): string {
    return this.nc.info?.version ?? '';
  }

  #lost(how: string): void {
    if (this.#up) this.log.warn({ server: this.#detail, how }, 'the connection to NATS is lost');
    this.#up = false;
    this.#detail = 'the connection to NATS is lost';
  }

  #server(): string {
    return `nats-server ${this.version} at ${this.nc.getServer()}`;
  }
}

function serversOf(url: string): { servers: string[]; user: string | undefined; pass: string } {
  const urls = url.split(',').map((part) => new URL(part.includes('://') ? part.trim() : `nats://${part.trim()}`));
  const servers = urls.map(({ hostname, port }) => `${hostname}:${port === '' ? '4222' : port}`);
  const named = urls.find(({ username }) => username !== '');
  return {
    servers,
    user: named === undefined ? undefined : decodeURIComponent(named.username),
    pass: decodeURIComponent(named?.password ?? ''),
  };
}

async function until<T>(deadline: number, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() + betweenConnectsMs > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, betweenConnectsMs));
    }
  }
}
