import { nats, postgres, ProductProcesses, redis } from '@support101/testing';

const root = new URL('../', import.meta.url);

/** Servers of one product, by its home. */
interface Engines {
  readonly urls: { readonly DATABASE_URL: string; readonly NATS_URL: string; readonly REDIS_URL: string };
  close(): Promise<void>;
}

const engines = new Map<string, Promise<Engines>>();

async function openEngines(): Promise<Engines> {
  const [database, events, jobs] = await Promise.all([postgres(), nats(), redis()]);
  return {
    urls: { DATABASE_URL: database.url, NATS_URL: events.url, REDIS_URL: jobs.url },
    close: async () => {
      await Promise.all([database.close(), events.close(), jobs.close()]);
    },
  };
}

/** The servers that belong to a home; they are started when it is first asked for them, and stay until they are closed. */
export function enginesOf(home: string): Promise<Engines> {
  const opened = engines.get(home) ?? openEngines();
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
    options: { replicas?: number } = {},
  ): Promise<DistributedProduct> {
    const platformKey = 'platform-key-of-the-system-tests';
    const keys = {
      SUPPORT101_PLATFORM_KEY: platformKey,
      SUPPORT101_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    };
    const { urls } = await enginesOf(home);
    const processes = await ProductProcesses.start({ root, environment: { ...urls, ...keys, ...environment }, ...options });
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
