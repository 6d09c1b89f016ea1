import { randomBytes } from 'node:crypto';
import { administer, embeddedPostgres, postgres } from '@support101/testing';
import { migrate, openDatabase, startEmbedded, type Database, type DatabaseOptions, type MigrationSet } from '../src/index.js';

/** A fresh database on one of the engines that every promise of this package is tested on. */
export interface Engine {
  readonly url: string;
  close(): Promise<void>;
}

export interface EngineKind {
  readonly name: string;
  readonly embedded: boolean;
  start(): Promise<Engine>;
}

export const embedded: EngineKind = {
  name: 'embedded Postgres',
  embedded: true,
  start: () => embeddedPostgres(startEmbedded),
};
export const native: EngineKind = { name: 'native Postgres', embedded: false, start: postgres };
/** As production has it: a login that owns its tables and may make roles, and is no superuser. */
const ordinaryLogin: EngineKind = {
  name: 'native Postgres with an ordinary login',
  embedded: false,
  start: startOrdinary,
};
export const engines: readonly EngineKind[] = [embedded, native, ordinaryLogin];

async function startOrdinary(): Promise<Engine> {
  const server = await postgres();
  const login = `login_${randomBytes(6).toString('hex')}`;
  const database = new URL(server.url).pathname.slice(1);
  await administer(
    server.url,
    `create role ${login} login createrole password 'ordinary'; grant create on database ${database} to ${login}`,
  );
  return {
    url: Object.assign(new URL(server.url), { username: login, password: 'ordinary' }).href,
    async close() {
      await administer(server.url, `drop owned by ${login} cascade`);
      await server.close();
      await dropRole(server.url, login);
    },
  };
}

/** The test's database is gone by then: through the one that every server has. */
async function dropRole(url: string, login: string): Promise<void> {
  await administer(Object.assign(new URL(url), { pathname: '/postgres' }).href, `drop role if exists ${login}`);
}

/** The migrations of this package's small test schema: notes, and tags on notes. */
export const notesMigrations: MigrationSet = { name: 'notes', directory: new URL('../prisma/migrations/', import.meta.url) };
export const notesSchema = new URL('../prisma/schema.prisma', import.meta.url);

/** A migrated database of notes, with a schema of its own. */
export async function openNotes(engine: Engine, kind: EngineKind, options: Partial<DatabaseOptions> = {}): Promise<Database> {
  const schema = options.schema ?? `notes_${randomBytes(4).toString('hex')}`;
  await migrate({ url: engine.url, schema, sets: [notesMigrations] });
  return openDatabase({ url: engine.url, embedded: kind.embedded, ...options, schema });
}

export const acme = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1';
export const globex = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2';
