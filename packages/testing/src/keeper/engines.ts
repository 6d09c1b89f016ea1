import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findProgram, folderOf, freePort, type Place, type Running, startServer, unprivilegedAccount } from './programs.ts';

const run = promisify(execFile);

/** What the ladder needs to know about a kind of server. */
export interface Engine {
  readonly name: string;
  /** Variable of the environment that names a server to use. */
  readonly variable: string;
  /** Debian's package. */
  readonly aptPackage: string;
  /** Programs that must be found for `start`. */
  readonly programs: readonly string[];
  /** In a temporary folder, on a free port; with a place there, finding what an earlier one left. */
  start(place?: Place): Promise<Running>;
  readonly image: string;
  readonly imagePort: number;
  readonly imageCommand: readonly string[];
  readonly imageEnvironment: Readonly<Record<string, string>>;
  url(host: string, port: number): string;
  probe(url: string): Promise<void>;
}

const postgres: Engine = {
  name: 'Postgres',
  variable: 'SUPPORT101_TEST_DATABASE_URL',
  aptPackage: 'postgresql',
  programs: ['initdb'],
  image: 'pgvector/pgvector:pg17',
  imagePort: 5432,
  imageCommand: ['postgres', '-c', 'max_connections=300'],
  imageEnvironment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
  url: (host, port) => `postgres://postgres@${host}:${port}/postgres`,
  probe: async (url) => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    await client.connect();
    await client.end();
  },
  start: async (place) => {
    const account = await unprivilegedAccount();
    const folder = folderOf('postgres', place, account);
    const data = join(folder, 'data');
    const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C';
    const initdb = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', `--locale=${locale}`, '--no-sync'];
    if (!existsSync(join(data, 'PG_VERSION'))) await run(program('initdb'), initdb, { ...account, cwd: folder });
    const port = place?.port ?? (await freePort());
    return startServer({
      // The one beside initdb: another version's server does not open what this initdb made.
      program: join(dirname(realpathSync(program('initdb'))), 'postgres'),
      args: ['-D', data, '-h', '127.0.0.1', '-p', `${port}`, '-k', folder, '-c', 'max_connections=300'],
      folder,
      kept: place !== undefined,
      account,
      url: postgres.url('127.0.0.1', port),
      probe: postgres.probe,
      stopSignal: 'SIGINT',
    });
  },
};

const redis: Engine = {
  name: 'Redis',
  variable: 'SUPPORT101_TEST_REDIS_URL',
  aptPackage: 'redis-server',
  programs: ['redis-server'],
  image: 'redis:8-alpine',
  imagePort: 6379,
  imageCommand: ['redis-server', '--maxmemory-policy', 'noeviction', '--appendonly', 'yes', '--appendfsync', 'always'],
  imageEnvironment: {},
  url: (host, port) => `redis://${host}:${port}`,
  probe: (url) => greeted(url, 'PING\r\n', '+PONG'),
  start: async (place) => {
    const folder = folderOf('redis', place);
    const port = place?.port ?? (await freePort());
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
    return startServer({
      program: program('redis-server'),
      args: ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no', ...durable],
      folder,
      kept: place !== undefined,
      url: redis.url('127.0.0.1', port),
      probe: redis.probe,
      stopSignal: 'SIGTERM',
    });
  },
};

const nats: Engine = {
  name: 'NATS',
  variable: 'SUPPORT101_TEST_NATS_URL',
  aptPackage: 'nats-server',
  programs: ['nats-server'],
  image: 'nats:2.12-alpine',
  imagePort: 4222,
  imageCommand: ['-js'],
  imageEnvironment: {},
  url: (host, port) => `nats://${host}:${port}`,
  probe: (url) => greeted(url, '', 'INFO'),
  start: async (place) => {
    const folder = folderOf('nats', place);
    const config = join(folder, 'nats.conf');
    const port = place?.port ?? (await freePort());
    return startServer({
      program: program('nats-server'),
      args: ['-a', '127.0.0.1', '-p', `${port}`, ...(existsSync(config) ? ['-c', config] : ['-js', '-sd', folder])],
      folder,
      kept: place !== undefined,
      url: nats.url('127.0.0.1', port),
      probe: nats.probe,
      stopSignal: 'SIGTERM',
    });
  },
};

/** Every kind of server the tests can ask for. */
export const engines = { postgres, redis, nats };

function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** Connects, says `hello`, and resolves when the server's answer begins as expected. */
async function greeted(url: string, hello: string, expected: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(2_000, () => socket.destroy(new Error(`${url} does not answer`)));
  try {
    await once(socket, 'connect');
    socket.write(hello);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString().startsWith(expected)) throw new Error(`${url} answers ${answer.toString().slice(0, 80)}`);
  } finally {
    socket.destroy();
  }
}
