import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, cp, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { age } from '@electric-sql/pglite-age';
import { vector } from '@electric-sql/pglite-pgvector';
import { DatabaseFailure, messageOf } from '../failures.js';
import { leakproofGraphs } from '../graph.js';

/** What services log in as: the owner of its own tables and nothing more, so that row-level security binds it too. */
export const login = 'support101';

const prepare = `
  create extension if not exists vector;
  create extension if not exists age;
  do $$ begin
    if not exists (select from pg_roles where rolname = '${login}') then create role ${login} login createrole noinherit; end if;
  end $$;
  grant create on database postgres to ${login};
  grant create, usage on schema public to ${login};
  grant usage on schema ag_catalog to ${login} with grant option;
  grant select, insert, update, delete on all tables in schema ag_catalog to ${login} with grant option;
  ${leakproofGraphs}
`;

// For as long as the process runs: there is one session, and every connection speaks through it.
const speakAsLogin = `load 'age'; set session authorization ${login}`;

/** How to open the files of an embedded database. */
export interface OpenOptions {
  readonly directory: string;
  /** Where ready-made empty databases are kept, to copy instead of making one. */
  readonly templates: string | undefined;
  readonly onProgress: (message: string) => void;
}

/** Opens the database in the directory and makes it at the first start; throws `directory_damaged`. */
export async function openDataDirectory({ directory, templates, onProgress }: OpenOptions): Promise<PGlite> {
  const dataDir = join(directory, 'postgres');
  const marker = join(directory, 'ready');
  try {
    if (await exists(marker)) onProgress('opening the database');
    else {
      onProgress('making the database (once, some seconds)');
      // What an interrupted first start has left: nobody has been given its address yet.
      await rm(dataDir, { recursive: true, force: true });
      if (templates !== undefined)
        await cp(await template(templates), dataDir, { recursive: true, mode: constants.COPYFILE_FICLONE });
    }
    const db = await openFiles(dataDir);
    await db.exec(prepare);
    await writeFile(marker, 'This folder holds an embedded Postgres 18. Delete the whole folder or nothing of it.\n');
    await db.exec(speakAsLogin);
    return db;
  } catch (error) {
    throw new DatabaseFailure('directory_damaged', `${directory}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Writes everything to the files and lets go of them. Postgres in WASM hands its writes to the operating system and
 * cannot make it write them to the disk (its fsync does nothing), so that is done here.
 */
export async function closeDataDirectory(db: PGlite): Promise<void> {
  await db.exec('reset session authorization; checkpoint').catch(() => undefined);
  const { dataDir } = db;
  await db.close();
  if (dataDir !== undefined) await syncFiles(dataDir);
}

async function syncFiles(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name), 'r');
    await file.sync().finally(() => file.close());
  }
}

function openFiles(dataDir: string): Promise<PGlite> {
  return PGlite.create({ dataDir, extensions: { vector, age } });
}

async function template(templates: string): Promise<string> {
  const ready = join(templates, createHash('sha256').update(prepare).digest('hex').slice(0, 16));
  if (await exists(ready)) return ready;
  // Under a name of its own until it is whole: others may be making the same one.
  const draft = `${ready}.${randomBytes(6).toString('hex')}`;
  await mkdir(templates, { recursive: true, mode: 0o700 });
  const db = await openFiles(draft);
  await db.exec(prepare);
  await closeDataDirectory(db);
  await rename(draft, ready).catch(() => rm(draft, { recursive: true, force: true }));
  return ready;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
