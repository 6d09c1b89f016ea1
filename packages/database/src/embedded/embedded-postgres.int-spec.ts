import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { administer, embeddedTemplates as templates, temporaryFolder, type TemporaryFolder } from '@support101/testing';
import pg from 'pg';
import { startEmbedded, type EmbeddedPostgres } from './embedded-postgres.js';

interface Said {
  readonly started?: boolean;
  readonly code?: string;
  readonly message?: string;
}

describe('an embedded Postgres', () => {
  let parent: TemporaryFolder;
  let directory: string;
  let children: ChildProcess[];
  let opened: EmbeddedPostgres[];

  beforeEach(async () => {
    parent = await temporaryFolder();
    directory = join(parent.path, 'data');
    children = [];
    opened = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const each of opened) await each.close();
    await parent.close();
  });

  async function start(at = directory, onProgress?: (message: string) => void): Promise<EmbeddedPostgres> {
    const database = await startEmbedded({ directory: at, templates, ...(onProgress ? { onProgress } : {}) });
    opened.push(database);
    return database;
  }
  async function startElsewhere(account?: { uid: number; gid: number }): Promise<{ child: ChildProcess; said: Said }> {
    const script = fileURLToPath(new URL('../../test/embedded-child.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, directory, templates], { stdio: ['pipe', 'pipe', 'inherit'], ...account });
    children.push(child);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { child, said: JSON.parse(line) as Said };
  }

  it('has vectors and graphs, keeps its rows over a restart, and is told apart by what it reports', async () => {
    const progress: string[] = [];
    const first = await start(directory, (message) => progress.push(message));
    await administer(first.url, `create table public.kept as select '[1,2]'::vector as v`);
    await first.close();

    const second = await start(directory, (message) => progress.push(message));
    const rows = await administer(second.url, `select v <-> '[1,3]' as distance from public.kept`);
    const graph = await administer(
      second.url,
      `set local search_path to ag_catalog, public;
       select create_graph('friends');
       select * from cypher('friends', $$ create (a:Person {name: 'Ada'}) return a.name $$) as (name agtype)`,
    ).catch((error: Error) => error);

    expect(rows).toEqual([{ distance: 1 }]);
    expect(graph).not.toBeInstanceOf(Error);
    expect(progress).toEqual(['making the database (once, some seconds)', 'opening the database']);
  });

  it('puts its socket elsewhere when the path of the directory is too long for one', async () => {
    const long = join(parent.path, 'x'.repeat(120));

    const database = await start(long);

    expect(await administer(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses a directory that another process has open, takes it over when that is killed, and has what it had committed', async () => {
    const { child, said } = await startElsewhere();
    expect(said).toEqual({ started: true });

    await expect(startEmbedded({ directory })).rejects.toMatchObject({
      code: 'directory_in_use',
      message: expect.stringContaining(`process ${child.pid}`),
    });

    child.kill('SIGKILL');
    await once(child, 'exit');
    const database = await start();
    expect(await administer(database.url, 'select n from public.kept')).toEqual([{ n: 1 }]);
  });

  it('leaves no lock behind when it was closed', async () => {
    const { child } = await startElsewhere();

    child.stdin?.end();
    await once(child, 'exit');

    await expect(readFile(join(directory, 'lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes over the lock of a process that had this number before', async () => {
    await mkdir(directory);
    await writeFile(
      join(directory, 'lock'),
      JSON.stringify({ pid: 1, host: (await import('node:os')).hostname(), began: 'long ago' }),
    );

    const database = await start();

    expect(await administer(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('begins anew when its first start was cut off, because nothing can have been in it', async () => {
    await mkdir(join(directory, 'postgres'), { recursive: true });
    await writeFile(join(directory, 'postgres', 'PG_VERSION'), '18');

    const database = await start();

    expect(await administer(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('names a directory that is damaged and does not touch it', async () => {
    await mkdir(join(directory, 'postgres'), { recursive: true });
    await writeFile(join(directory, 'postgres', 'PG_VERSION'), '9');
    await writeFile(join(directory, 'ready'), '');

    await expect(startEmbedded({ directory })).rejects.toMatchObject({
      code: 'directory_damaged',
      message: expect.stringContaining(directory),
    });
    expect(await readFile(join(directory, 'postgres', 'PG_VERSION'), 'utf8')).toBe('9');
  });

  it('names a directory that cannot be made', async () => {
    await writeFile(directory, 'a file');

    await expect(startEmbedded({ directory })).rejects.toMatchObject({
      code: 'directory_not_writable',
      message: expect.stringContaining(directory),
    });
  });

  it('names a directory that is read-only', async () => {
    await mkdir(directory);
    await chmod(directory, 0o555);
    await chmod(parent.path, 0o755);
    // Root may write anywhere: then as somebody else.
    const account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

    const { said } = await startElsewhere(account);

    expect(said).toMatchObject({ code: 'directory_not_writable', message: expect.stringContaining(directory) });
  });

  describe('that is running', () => {
    let shared: TemporaryFolder;
    let database: EmbeddedPostgres;

    beforeAll(async () => {
      shared = await temporaryFolder();
      database = await startEmbedded({ directory: join(shared.path, 'data'), templates });
    });
    afterAll(async () => {
      await database?.close();
      await shared?.close();
    });

    async function connect(): Promise<pg.Client> {
      const client = new pg.Client({ connectionString: database.url });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    }

    it('can be reached by its own user only', async () => {
      const paths = [join(shared.path, 'data'), join(shared.path, 'data', '.s.PGSQL.5432')];

      const modes = await Promise.all(paths.map(async (path) => (await stat(path)).mode & 0o777));

      expect(modes).toEqual([0o700, 0o600]);
    });

    it('refuses to be opened once more', async () => {
      await expect(startEmbedded({ directory: join(shared.path, 'data') })).rejects.toMatchObject({
        code: 'directory_in_use',
        message: expect.stringContaining(String(process.pid)),
      });
    });

    it('rolls back what a connection that went away had open', async () => {
      const [gone, other] = [await connect(), await connect()];
      await gone.query('create table public.things (n int)');
      await gone.query('begin');
      await gone.query('insert into public.things values (1)');

      (gone as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();

      expect((await other.query('select * from public.things')).rows).toEqual([]);
      await other.end();
    });

    it('keeps parameterised statements outside transactions apart, also failing ones', async () => {
      const clients = await Promise.all(Array.from({ length: 60 }, () => connect()));

      const answers = await Promise.all(
        clients.map(async (client, c) => {
          const own: unknown[] = [];
          for (let n = 0; n < 10; n += 1) {
            const text = n % 5 === 4 ? 'select $1::int / 0' : `select $1::text || '-${c}' as v`;
            own.push(
              await client.query<{ v: string }>(text, [n]).then(
                ({ rows }) => rows[0]?.v,
                (error: Error) => error.message,
              ),
            );
          }
          return own;
        }),
      );

      const wanted = clients.flatMap((_, c) =>
        Array.from({ length: 10 }, (__, n) => (n % 5 === 4 ? 'division by zero' : `${n}-${c}`)),
      );
      expect(answers.flat()).toEqual(wanted);
      for (const client of clients) await client.end();
    });
  });
});
