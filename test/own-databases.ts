import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { administer, postgres, type ProductService, productServices } from '@support101/testing';

const root = new URL('../', import.meta.url);

/** A database for each service, with a login that owns nothing, as production may have them. */
export interface OwnDatabases {
  readonly urlOf: (service: ProductService) => Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Makes a database and a login for each service and lets the administrator migrate it with the service's own program. */
export async function openOwnDatabases(): Promise<OwnDatabases> {
  const services = productServices.filter((service) => service !== 'gateway');
  const opened = new Map(
    await Promise.all(services.map(async (service) => [service as ProductService, await openOne(service)] as const)),
  );
  return {
    urlOf: (service): Record<string, string> => {
      const own = opened.get(service);
      return own === undefined ? {} : { DATABASE_URL: own.url, SUPPORT101_MIGRATE: '0' };
    },
    close: async () => {
      await Promise.all([...opened.values()].map(({ close }) => close()));
    },
  };
}

async function openOne(service: string): Promise<{ url: string; close: () => Promise<void> }> {
  const database = await postgres();
  const login = `${new URL(database.url).pathname.slice(1)}_login`;
  await administer(database.url, `create role ${login} login password 'own'`);
  await migrate(service, { DATABASE_URL: database.url, SUPPORT101_DATABASE_LOGIN: login });
  return {
    url: Object.assign(new URL(database.url), { username: login, password: 'own' }).href,
    close: async () => {
      await database.close();
      await administer(Object.assign(new URL(database.url), { pathname: '/postgres' }).href, `drop role ${login}`);
    },
  };
}

async function migrate(service: string, environment: Record<string, string>): Promise<void> {
  // Settings are read as a whole; a migration connects to the database only.
  const others = {
    NATS_URL: 'nats://127.0.0.1:1',
    REDIS_URL: 'redis://127.0.0.1:1',
    SUPPORT101_SECRETS_KEY: Buffer.alloc(32).toString('base64'),
  };
  const main = new URL(`apps/${service}/dist/main.js`, root).pathname;
  const child = spawn(process.execPath, [main, 'migrate'], {
    env: { PATH: process.env['PATH'], ...others, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${service} could not be migrated (exit ${code}): ${complaint}`);
}
