import { nats, postgres, ProductProcesses, type ProductService, redis } from '@support101/testing';
import { openOwnDatabases } from './own-databases.js';

const root = new URL('../', import.meta.url);

/** Servers of one product, by its home. */
interface Engines {
  readonly urls: { readonly DATABASE_URL: string; readonly NATS_URL: string; readonly REDIS_URL: string };
  /** Over those, for one service. */
  readonly urlsOf: (service: ProductService) => Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const engines = new Map<string, Promise<Engines>>();

async function openEngines(ownDatabases: boolean): Promise<Engines> {
  const [database, events, jobs, own] = await Promise.all([
    postgres(),
    nats(),
    redis(),
    ownDatabases ? openOwnDatabases() : { urlOf: () => ({}), close: async () => undefined },
  ]);
  return {
    urls: { DATABASE_URL: database.url, NATS_URL: events.url, REDIS_URL: jobs.url },
    urlsOf: own.urlOf,
    close: async () => {
      await Promise.all([database.close(), events.close(), jobs.close(), own.close()]);
    },
  };
}

/**
 * The servers that belong to a home; they are started when it is first asked for them, and stay until they are closed.
 * The services share one database, or have one and a login each.
 */
export function enginesOf(home: string, { ownDatabases = false } = {}): Promise<Engines> {
  const opened = engines.get(home) ?? openEngines(ownDatabases);
  engines.set(home, opened);
  return opened;
}

/** Stops the servers of a home. */
export async function closeEngines(home: string): Promise<void> {
  const opened = await engines.get(home);
  engines.delete(home);
  await opened?.close();
}

/** The product as one process per service, on NATS, Redis and Postgres. */
export class DistributedProduct {
  private constructor(
    readonly processes: ProductProcesses,
    readonly platformKey: string,
  ) {}

  /** Starts every process and waits until all are ready. */
  static async start(
    home: string,
    environment: Record<string, string> = {},
    { ownDatabases = false, ...options }: { ownDatabases?: boolean; replicas?: number } = {},
  ): Promise<DistributedProduct> {
    const platformKey = 'platform-key-of-the-system-tests';
    const keys = {
      SUPPORT101_PLATFORM_KEY: platformKey,
      SUPPORT101_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    };
    const { urls, urlsOf } = await enginesOf(home, { ownDatabases });
    const processes = await ProductProcesses.start({
      root,
      environment: { ...urls, ...keys, ...environment },
      environmentOf: urlsOf,
      ...options,
    });
    return new DistributedProduct(processes, platformKey);
  }

  get url(): string {
    return this.processes.urls[0] ?? '';
  }

  output(): string {
    return this.processes.processes.map(({ name, output }) => `${name}:\n${output}`).join('\n');
  }

  async stop(): Promise<number | null> {
    const codes = Object.values(await this.processes.stop());
    return codes.find((code) => code !== 0) ?? 0;
  }

  async kill(): Promise<void> {
    await Promise.all(this.processes.processes.map((each) => each.kill()));
  }
}
