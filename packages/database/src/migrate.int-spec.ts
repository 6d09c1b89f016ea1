import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { administer } from '@support101/testing';
import { acme, engines, notesMigrations, notesSchema, type Engine } from '../test/engines.js';
import { openDatabase } from './database.js';
import { drift } from './drift.js';
import { unprotectedTables } from './inventory.js';
import { migrate, type MigrationSet } from './migrate.js';

const protectedTable = (name: string) => `
  create table ${name} (tenant_id text not null, id text not null, primary key (tenant_id, id));
  alter table ${name} enable row level security;
  alter table ${name} force row level security;
  create policy tenant on ${name} to __schema___app using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
  create policy system on ${name} to __schema___system using (true);`;

describe.each(engines)('migrations on $name', (kind) => {
  let engine: Engine;
  let folder: string;
  let schema: string;

  beforeAll(async () => {
    engine = await kind.start();
  });
  afterAll(() => engine?.close());
  beforeEach(async () => {
    schema = `migrated_${randomBytes(4).toString('hex')}`;
    folder = await mkdtemp(join(tmpdir(), 's101-migrations-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function set(name: string, migrations: Record<string, string>): Promise<MigrationSet> {
    for (const [migration, sql] of Object.entries(migrations)) {
      await mkdir(join(folder, name, migration), { recursive: true });
      await writeFile(join(folder, name, migration, 'migration.sql'), sql);
    }
    // As a prisma folder has it: not a migration.
    await writeFile(join(folder, name, 'migration_lock.toml'), 'provider = "postgresql"');
    return { name, directory: pathToFileURL(join(folder, name)) };
  }
  const run = (...sets: MigrationSet[]) => migrate({ url: engine.url, schema, sets });
  const tables = async () => {
    const rows = await administer(engine.url, `select tablename from pg_tables where schemaname = '${schema}' order by 1`);
    return rows.map(({ tablename }) => tablename).filter((name) => name !== '_prisma_migrations');
  };

  it('apply several sets in order, once, and leave the database as the Prisma schema says', async () => {
    const extra = await set('extra', { '20261102000000_extra': protectedTable('extras') });

    const first = await run(notesMigrations, extra);
    const second = await run(notesMigrations, extra);

    expect(first.applied).toEqual(['notes_20261101000000_notes', 'extra_20261102000000_extra']);
    expect(second.applied).toEqual([]);
    expect(await tables()).toEqual(['extras', 'notes', 'tags']);
  });

  it('add a later migration of an earlier set', async () => {
    const own = await set('own', { '20261105000000_one': protectedTable('ones') });
    await run(await set('earlier', { '20261101000000_a': protectedTable('apples') }), own);

    const { applied } = await run(await set('earlier', { '20261102000000_b': protectedTable('pears') }), own);

    expect(applied).toEqual(['earlier_20261102000000_b']);
  });

  it('carry functions and literals with semicolons', async () => {
    const clever = await set('clever', {
      '20261101000000_clever': `
        create function answer() returns text language plpgsql as $f$ begin perform 1; return 'a;b'; end $f$;
        do $$ begin perform answer(); end $$;
        create table semicolons (id text primary key default 'x;y');`,
    });

    await run(clever);

    expect(await administer(engine.url, `select ${schema}.answer() as answer`)).toEqual([{ answer: 'a;b' }]);
  });

  it('name a migration that was edited after it was applied', async () => {
    await run(await set('own', { '20261101000000_a': protectedTable('apples') }));
    const edited = await set('own', { '20261101000000_a': `${protectedTable('apples')} -- better` });

    await expect(run(edited)).rejects.toMatchObject({
      code: 'migration_edited',
      message: expect.stringContaining('own_20261101000000_a'),
    });
  });

  it('leave nothing half-done when one fails, name it and can be run again when it is mended', async () => {
    const broken = await set('own', {
      '20261101000000_good': protectedTable('goods'),
      '20261102000000_bad': `${protectedTable('bads')} select 1 / 0;`,
    });

    await expect(run(broken)).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringMatching(/own_20261102000000_bad.*division by zero/s),
    });
    expect(await tables()).toEqual([]);

    const { applied } = await run(await set('own', { '20261102000000_bad': protectedTable('bads') }));
    expect(applied).toEqual(['own_20261101000000_good', 'own_20261102000000_bad']);
  });

  it('are applied once by several processes at once', async () => {
    const results = await Promise.all([run(notesMigrations), run(notesMigrations), run(notesMigrations)]);

    expect(results.flatMap(({ applied }) => applied)).toEqual(['notes_20261101000000_notes']);
  });

  it('name a set whose folder is not there', async () => {
    const missing = { name: 'missing', directory: pathToFileURL(join(folder, 'nowhere')) };

    await expect(run(missing)).rejects.toMatchObject({
      code: 'migration_unreadable',
      message: expect.stringContaining('missing'),
    });
  });

  it('show drift as the SQL that would mend it', async () => {
    await run(notesMigrations);
    const compared = { url: engine.url, schema, schemaFiles: [notesSchema] };

    expect(await drift(compared)).toBe('');

    await administer(
      engine.url,
      `alter table ${schema}.notes drop column stars; create table ${schema}.forgotten (id text primary key)`,
    );
    const difference = await drift(compared);
    expect(difference).toMatch(/ADD COLUMN\s+"stars" INTEGER NOT NULL DEFAULT 0/);
    expect(difference).toContain('DROP TABLE');
  });

  it('find tables that row-level security does not protect', async () => {
    await run(
      notesMigrations,
      await set('own', {
        '20261101000000_own': `
          create table bare (tenant_id text not null, id text primary key);
          ${protectedTable('forgetful')}
          alter table forgetful no force row level security;
          ${protectedTable('leaky')}
          create policy everyone on leaky for select using (true);
          create table settings (id text primary key);
          create view all_notes as select * from notes;
          create view own_notes with (security_invoker = true) as select * from notes;`,
      }),
    );
    const database = await openDatabase({ url: engine.url, schema, embedded: kind.embedded });

    const found = await unprotectedTables(database);
    await database.close();

    expect(found).toEqual([
      { table: 'all_notes', missing: ['with (security_invoker = true)'] },
      {
        table: 'bare',
        missing: [
          'enable row level security',
          'force row level security',
          `policy for ${schema}_app`,
          `policy for ${schema}_system`,
        ],
      },
      { table: 'forgetful', missing: ['force row level security'] },
      { table: 'leaky', missing: ['policy "everyone" does not compare tenant_id with app.tenant_id'] },
    ]);
  });

  it('keep the record of migrations from the roles of the service', async () => {
    await run(notesMigrations);
    const database = await openDatabase({ url: engine.url, schema, embedded: kind.embedded });

    const reading = database.forTenant(acme, (tx) => tx.query('select * from _prisma_migrations'));

    await expect(reading).rejects.toMatchObject({ code: '42501' });
    await database.close();
  });
});

describe('a database that is not there', () => {
  const nowhere = 'postgres://nobody@127.0.0.1:1/nothing';

  it('is named by migrate and by openDatabase', async () => {
    await expect(migrate({ url: nowhere, schema: 'x', sets: [] })).rejects.toMatchObject({ code: 'database_unreachable' });
    await expect(openDatabase({ url: nowhere, schema: 'x', embedded: false })).rejects.toMatchObject({
      code: 'database_unreachable',
    });
  });
});
