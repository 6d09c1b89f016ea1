import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { nats, postgres, redis, type TestServer } from './index.js';

const opened: TestServer[] = [];
const keep = async (server: Promise<TestServer>) => {
  opened.push(await server);
  return opened.at(-1) as TestServer;
};

afterAll(() => Promise.all(opened.map((server) => server.close())));

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(statement).finally(() => client.end());
  return rows;
}

describe('postgres', () => {
  it('gives each caller an empty database of one server', async () => {
    const [one, other] = await Promise.all([keep(postgres()), keep(postgres())]);

    await query(one.url, 'create table things (id int)');

    expect(new URL(one.url).port).toBe(new URL(other.url).port);
    expect(await query(other.url, `select * from pg_tables where schemaname = 'public'`)).toEqual([]);
  });

  it('is gone after close, also while somebody is connected', async () => {
    const database = await postgres();
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();

    await database.close();

    await expect(query(database.url, 'select 1')).rejects.toThrow('does not exist');
  });
});

describe.each([
  ['redis', redis, 'SUPPORT101_TEST_REDIS_URL'],
  ['nats', nats, 'SUPPORT101_TEST_NATS_URL'],
])('%s', (_name, start, variable) => {
  it('gives each caller a server of its own, unless one is given', async () => {
    const [one, other] = await Promise.all([keep(start()), keep(start())]);

    expect(new Set([one.url, other.url]).size).toBe(process.env[variable] === undefined ? 2 : 1);
  });
});
