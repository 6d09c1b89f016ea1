import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { age } from '@electric-sql/pglite-age';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** Where the embedded Postgres keeps its files. */
export interface EmbeddedOptions {
  readonly directory: string;
  /** Told what is being done, for the slow first start. */
  readonly onProgress?: (message: string) => void;
}

/** A running embedded Postgres. */
export interface EmbeddedPostgres {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts Postgres 18 with pgvector and Apache AGE inside this process, behind a Unix socket in the data directory. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.directory, { recursive: true });
  const db = await PGlite.create({ dataDir: join(options.directory, 'postgres'), extensions: { vector, age } });
  await db.exec('create extension if not exists vector; create extension if not exists age');
  const server = new PGLiteSocketServer({ db, path: join(options.directory, '.s.PGSQL.5432'), maxConnections: 100 });
  await server.start();
  return {
    url: `postgres://postgres:postgres@localhost/postgres?host=${encodeURIComponent(options.directory)}`,
    async close() {
      await server.stop();
      await db.close();
    },
  };
}
