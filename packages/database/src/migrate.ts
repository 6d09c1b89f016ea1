import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { DatabaseFailure, messageOf } from './failures.js';
import { grantToLogin, prepareSchema } from './roles.js';
import { openEngine } from './schema-engine.js';
import { appRole, checkedSchema, systemRole } from './transaction.js';

/** A folder of migrations in Prisma's form, `<name>/migration.sql`; `__schema__` in the SQL stands for the schema's name. */
export interface MigrationSet {
  /** Put before the names of its migrations in `_prisma_migrations`, so that sets cannot collide. */
  readonly name: string;
  readonly directory: URL;
}

/** What to bring up to date. */
export interface MigrateOptions {
  readonly url: string;
  readonly schema: string;
  /** Applied one after the other, in this order. */
  readonly sets: readonly MigrationSet[];
  /** The login that the service runs under when it is another one than that of `url`: it gets what it needs, and no more. */
  readonly login?: string | undefined;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Makes the schema and its roles and applies what is not applied yet, all in one transaction; resolves with the names
 * applied now. Safe when several processes do it at once. Throws `migration_edited` or `migration_failed`, naming the migration.
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  checkedSchema(options.schema);
  const migrations = await readSets(options);
  return onOneConnection(options.url, options.schema, async (pool) => {
    const applied = await bringUpToDate(pool, options.schema, migrations);
    if (options.login !== undefined) await grantToLogin(pool, options.schema, options.login);
    return { applied };
  });
}

async function bringUpToDate(pool: pg.Pool, schema: string, migrations: readonly Migration[]): Promise<string[]> {
  if (await isCurrent(pool, schema, migrations)) return [];
  // Session-wide locks do not work on embedded Postgres, where all connections are one session; there the
  // transaction itself keeps everyone else out.
  await pool.query(`select pg_advisory_xact_lock(hashtext('support101 migrate'))`);
  if (await isCurrent(pool, schema, migrations)) return [];
  await prepareSchema(pool, schema);
  return apply(pool, schema, migrations);
}

/** Throws `schema_out_of_date` unless all migrations are applied; `migration_edited` when one is another one now. Changes nothing. */
export async function requireMigrated(options: MigrateOptions): Promise<void> {
  checkedSchema(options.schema);
  const migrations = await readSets(options);
  const current = await onOneConnection(options.url, options.schema, (pool) => isCurrent(pool, options.schema, migrations));
  if (!current) throw new DatabaseFailure('schema_out_of_date', options.schema);
}

/** Runs `run` in one transaction on a pool of one connection: all of it happens or nothing. */
export async function onOneConnection<T>(url: string, schema: string, run: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    idleTimeoutMillis: 0,
    application_name: `support101 migrate ${schema}`,
  });
  pool.on('error', () => undefined);
  try {
    await pool.query('begin').catch((cause: unknown) => {
      throw new DatabaseFailure('database_unreachable', messageOf(cause), { cause });
    });
    await pool.query(`set local search_path to ${schema}, public`);
    const result = await run(pool);
    await pool.query('commit');
    return result;
  } catch (error) {
    await pool.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await pool.end();
  }
}

async function readSets(options: MigrateOptions): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const set of options.sets) {
    for (const folder of await foldersOf(set)) {
      const file = new URL(`${folder}/migration.sql`, withSlash(set.directory));
      const sql = (await readFile(file, 'utf8')).replaceAll('__schema__', options.schema);
      migrations.push({ name: `${set.name}_${folder}`, sql, checksum: createHash('sha256').update(sql).digest('hex') });
    }
  }
  return migrations;
}

async function foldersOf(set: MigrationSet): Promise<string[]> {
  try {
    const entries = await readdir(withSlash(set.directory), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    throw new DatabaseFailure('migration_unreadable', `${set.name}: ${messageOf(cause)}`, { cause });
  }
}

function withSlash(url: URL): URL {
  return url.href.endsWith('/') ? url : new URL(`${url.href}/`);
}

/** The cheap path of every start but the first: names and checksums by SQL, without loading the engine. */
async function isCurrent(pool: pg.Pool, schema: string, migrations: readonly Migration[]): Promise<boolean> {
  const { rows } = await pool.query<{ roles: number; history: string | null }>(
    `select (select count(*)::int from pg_roles where rolname = any ($1)) as roles, to_regclass($2)::text as history`,
    [[appRole(schema), systemRole(schema)], `${schema}._prisma_migrations`],
  );
  if (rows[0]?.roles !== 2 || rows[0].history === null) return false;
  const history = await pool.query<{ migration_name: string; checksum: string }>(
    `select migration_name, checksum from ${schema}._prisma_migrations where finished_at is not null and rolled_back_at is null`,
  );
  const done = new Map(history.rows.map((row) => [row.migration_name, row.checksum]));
  const edited = migrations.filter(({ name, checksum }) => done.has(name) && done.get(name) !== checksum);
  if (edited.length > 0) {
    throw new DatabaseFailure('migration_edited', `${schema}: ${edited.map(({ name }) => name).join(', ')}`);
  }
  return migrations.every(({ name }) => done.has(name));
}

async function apply(pool: pg.Pool, schema: string, migrations: readonly Migration[]): Promise<string[]> {
  const engine = await openEngine(pool, schema);
  try {
    const applied = await engine.applyMigrations({
      baseDir: '/migrations',
      lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
      shadowDbInitScript: '',
      migrationDirectories: migrations.map(({ name, sql }) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
      })),
    });
    await pool.query(`revoke all on ${schema}._prisma_migrations from ${appRole(schema)}, ${systemRole(schema)}`);
    return applied;
  } catch (cause) {
    const refused = engine.refused();
    if (!refused) throw new DatabaseFailure('migration_failed', `${schema}: ${messageOf(cause)}`, { cause });
    const name = migrations.find(({ sql }) => sql === refused.script)?.name ?? 'a migration';
    throw new DatabaseFailure('migration_failed', `${schema}: ${name}: ${messageOf(refused.error)}`, { cause: refused.error });
  } finally {
    engine.free();
  }
}
