import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { age } from '@electric-sql/pglite-age';
import { vector } from '@electric-sql/pglite-pgvector';
import { DatabaseFailure } from '../failures.js';
import { messageOf } from '../pool.js';
import { lockDirectory } from './directory-lock.js';
import { WireServer } from './wire-server.js';

/** Where the embedded Postgres keeps its files. */
export interface EmbeddedOptions {
  /** Made when it is not there; one process at a time. */
  readonly directory: string;
  /** Told what is being done: the first start takes some seconds. */
  readonly onProgress?: (message: string) => void;
  /** Told when Postgres itself has failed while running; every connection is refused from then on. */
  readonly onCrash?: (error: Error) => void;
  /** An open transaction whose connection says nothing for this long is rolled back; 30 seconds unless told. */
  readonly idleInTransactionMs?: number;
}

/** A running embedded Postgres. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** Lets open transactions finish, writes everything to disk and gives the directory free. */
  close(): Promise<void>;
}

const socketName = '.s.PGSQL.5432';
// The kernel's limit is 107 bytes on Linux and 103 on macOS; a longer path is cut or refused.
const longestSocketPath = 100;
const drainMs = 5_000;

/**
 * Starts Postgres 18 with pgvector and Apache AGE inside this process, behind a Unix socket that ordinary clients use.
 * It has one backend: transactions of all connections run one after the other.
 * Throws `directory_in_use`, `directory_not_writable` or `directory_damaged`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  const lock = await lockDirectory(directory);
  try {
    const backend = await boot(directory, options.onProgress ?? (() => undefined));
    const socket = await socketFor(directory);
    const server = new WireServer({
      backend,
      parameters: await parametersOf(backend),
      idleInTransactionMs: options.idleInTransactionMs ?? 30_000,
      onCrash: (error) => options.onCrash?.(error),
    });
    await server.listen(socket.path);
    await chmod(socket.path, 0o600);
    return {
      url: `postgres://${login}@localhost/postgres?host=${encodeURIComponent(socket.directory)}`,
      close: once(async () => {
        await server.close(drainMs);
        await shutDown(backend);
        await socket.remove();
        await lock.release();
      }),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What services log in as: the owner of its own tables and nothing more, so that row-level security binds it too. */
const login = 'support101';

const prepareLogin = `
  create extension if not exists vector;
  create extension if not exists age;
  load 'age';
  do $$ begin
    if not exists (select from pg_roles where rolname = '${login}') then create role ${login} login createrole; end if;
  end $$;
  grant create on database postgres to ${login};
  grant create, usage on schema public to ${login};
  grant usage on schema ag_catalog to ${login};
  grant select, insert, update, delete on all tables in schema ag_catalog to ${login};
`;

async function boot(directory: string, onProgress: (message: string) => void): Promise<PGlite> {
  const dataDir = join(directory, 'postgres');
  const marker = join(directory, 'ready');
  const first = !(await exists(marker));
  if (first) {
    // What an interrupted first start has left: nobody has been given its address yet.
    await rm(dataDir, { recursive: true, force: true });
    onProgress('making the database (once, some seconds)');
  } else onProgress('opening the database');
  try {
    const db = await PGlite.create({ dataDir, extensions: { vector, age } });
    await db.exec(prepareLogin);
    if (first) await writeFile(marker, 'support101 embedded postgres 18\n');
    // For as long as the process runs: there is one session, and every connection speaks through it.
    await db.exec(`set session authorization ${login}`);
    return db;
  } catch (error) {
    throw new DatabaseFailure('directory_damaged', `${directory}: ${messageOf(error)}`, { cause: error });
  }
}

async function shutDown(db: PGlite): Promise<void> {
  await db.exec('reset session authorization; checkpoint').catch(() => undefined);
  await db.close();
}

async function parametersOf(db: PGlite): Promise<Record<string, string>> {
  const names = ['server_version', 'server_encoding', 'client_encoding', 'DateStyle', 'TimeZone', 'integer_datetimes', 'standard_conforming_strings'];
  const entries = await Promise.all(
    names.map(async (name) => {
      const { rows } = await db.query<{ value: string }>('select current_setting($1) as value', [name]);
      return [name, rows[0]?.value ?? ''] as const;
    }),
  );
  return Object.fromEntries(entries);
}

async function socketFor(directory: string): Promise<{ directory: string; path: string; remove: () => Promise<void> }> {
  const path = join(directory, socketName);
  // A socket that a killed process has left behind; the lock says that nobody listens on it.
  await rm(path, { force: true });
  if (Buffer.byteLength(path) <= longestSocketPath) return { directory, path, remove: () => rm(path, { force: true }) };
  const elsewhere = await mkdtemp(join(tmpdir(), 's101-'));
  const remove = () => rm(elsewhere, { recursive: true, force: true });
  return { directory: elsewhere, path: join(elsewhere, socketName), remove };
}

async function exists(file: string): Promise<boolean> {
  try {
    await readFile(file);
    return true;
  } catch {
    return false;
  }
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
