import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { administer, postgres } from '@support101/testing';
import { acme, notesMigrations, type Engine } from '../test/engines.js';
import { openDatabase, type Database } from './database.js';
import { migrate, requireMigrated } from './migrate.js';

// The embedded Postgres has one user; what is tested here is for servers.
describe('a service with a login of its own', () => {
  const suffix = randomBytes(4).toString('hex');
  const login = `runs_${suffix}`;
  const schema = `own_${suffix}`;
  const foreign = `foreign_${suffix}`;
  let server: Engine;
  let url: string;
  let database: Database;

  beforeAll(async () => {
    server = await postgres();
    await administer(server.url, `create role ${login} login password 'runs'`);
    url = Object.assign(new URL(server.url), { username: login, password: 'runs' }).href;
    await migrate({ url: server.url, schema: foreign, sets: [notesMigrations] });
  });
  afterAll(async () => {
    await database?.close();
    await server.close();
    await administer(
      Object.assign(new URL(server.url), { pathname: '/postgres' }).href,
      `drop role ${login}; drop role ${schema}_app; drop role ${schema}_system; drop role ${foreign}_app; drop role ${foreign}_system`,
    );
  });

  it('is told that its schema is out of date before the administrator has migrated, and not after', async () => {
    await expect(requireMigrated({ url, schema, sets: [notesMigrations] })).rejects.toMatchObject({ code: 'schema_out_of_date' });

    await migrate({ url: server.url, schema, sets: [notesMigrations], login });
    const again = await migrate({ url: server.url, schema, sets: [notesMigrations], login });

    expect(again.applied).toEqual([]);
    await expect(requireMigrated({ url, schema, sets: [notesMigrations] })).resolves.toBeUndefined();
  });

  it('works on its tenants’ rows and as the system', async () => {
    database = await openDatabase({ url, schema, embedded: false });

    await database.forTenant(acme, (tx) =>
      tx.query('insert into notes (tenant_id, id, title) values ($1, $2, $3)', [acme, 'n1', 'Hello']),
    );

    expect(await database.asSystem('test', (tx) => tx.query('select id from notes'))).toEqual([{ id: 'n1' }]);
  });

  it.each([
    ['the rows of another service', `select * from ${foreign}.notes`],
    ['the roles of another service', `set role ${foreign}_system`],
    ['a table of its own', `create table ${schema}.more (id text)`],
    ['its migrations, to change them', `delete from ${schema}._prisma_migrations`],
    ['a schema', `create schema other_${suffix}`],
  ])('is refused %s', async (_what, text) => {
    await expect(administer(url, text)).rejects.toMatchObject({ code: '42501' });
  });

  it('is named when it does not exist', async () => {
    const missing = migrate({ url: server.url, schema, sets: [notesMigrations], login: 'nobody_of_this_name' });

    await expect(missing).rejects.toMatchObject({
      code: 'roles_missing',
      message: expect.stringContaining('nobody_of_this_name'),
    });
  });
});
