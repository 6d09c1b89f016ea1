import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { closeDataDirectory, login, openDataDirectory } from './data-directory.js';
import { lockDirectory } from './directory-lock.js';
import { WireServer } from './wire-server.js';

/** Where the embedded Postgres keeps its files. */
export interface EmbeddedOptions {
  /** Made when it is not there; one process at a time. */
  readonly directory: string;
  /** Told what is being done: the first start takes some seconds. */
  readonly onProgress?: (message: string) => void;
  /** Told when Postgres itself has failed while running; it disconnects everybody and opens its files again. */
  readonly onCrash?: (error: Error) => void;
  /** An open transaction whose connection says nothing for this long is rolled back; 30 seconds unless told. */
  readonly idleInTransactionMs?: number;
  /** A folder that keeps an empty database to copy at a first start, in a tenth of the time: for tests. */
  readonly templates?: string;
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
  const { templates, onProgress = () => undefined, onCrash = () => undefined, idleInTransactionMs = 30_000 } = options;
  const lock = await lockDirectory(directory);
  let backend: PGlite | undefined;
  const open = async (): Promise<PGlite> => (backend = await openDataDirectory({ directory, templates, onProgress }));
  const shutDown = async (): Promise<void> => {
    if (backend) await closeDataDirectory(backend);
    await lock.release();
  };
  try {
    const first = await open();
    const parameters = await parametersOf(first);
    const server = new WireServer({ backend: first, reopen: open, parameters, idleInTransactionMs, onCrash });
    const socket = await socketFor(directory);
    await server.listen(socket.path);
    await chmod(socket.path, 0o600);
    return {
      url: `postgres://${login}@localhost/postgres?host=${encodeURIComponent(socket.directory)}`,
      close: once(async () => {
        await server.close(drainMs);
        await socket.remove();
        await shutDown();
      }),
    };
  } catch (error) {
    await shutDown();
    throw error;
  }
}

/** What Postgres tells every client that connects. */
async function parametersOf(db: PGlite): Promise<Record<string, string>> {
  const { rows } = await db.query<{ name: string; value: string }>(
    `select name, current_setting(name) as value from unnest($1::text[]) as name`,
    [
      [
        'server_version',
        'server_encoding',
        'client_encoding',
        'DateStyle',
        'TimeZone',
        'integer_datetimes',
        'standard_conforming_strings',
      ],
    ],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
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

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
