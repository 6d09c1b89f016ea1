import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestServer } from './embedded-postgres.js';
import { askKeeper } from './keeper-client.js';

/**
 * A fresh, empty database on a real Postgres server that the whole test run shares; `close` drops it.
 * The server comes from SUPPORT101_TEST_DATABASE_URL, a Docker engine, the machine's own Postgres, or apt-get.
 */
export async function postgres(): Promise<TestServer> {
  const { url } = await askKeeper('POST', '/postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(url, `create database ${name} template template0`);
  return {
    url: Object.assign(new URL(url), { pathname: `/${name}` }).href,
    close: async () => {
      await administer(url, `drop database if exists ${name} with (force)`);
    },
  };
}

/**
 * Whether the databases of `postgres()` can have Apache AGE. No server that the tests find by themselves has it today;
 * of one that they are given, SUPPORT101_TEST_AGE=1 says it.
 */
export const serverHasAge = process.env['SUPPORT101_TEST_AGE'] === '1';

/** An empty Redis of one's own: from SUPPORT101_TEST_REDIS_URL (then shared), Docker, the machine, or apt-get. */
export function redis(): Promise<TestServer> {
  return ownServer('redis');
}

/** A NATS server with JetStream of one's own: from SUPPORT101_TEST_NATS_URL (then shared), Docker, the machine, or apt-get. */
export function nats(): Promise<TestServer> {
  return ownServer('nats');
}

async function ownServer(kind: 'redis' | 'nats'): Promise<TestServer> {
  const { url, id } = await askKeeper('POST', `/${kind}`);
  return {
    url,
    close: async () => {
      await askKeeper('DELETE', `/${kind}/${id}`);
    },
  };
}

/** Runs one text of SQL as the login of the address, outside of everything the product provides, and gives its last rows. */
export async function administer(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  // A dropped connection also emits an error besides failing the query; without a listener that would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return [await client.query<Record<string, unknown>>(statement)].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}
