import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chownSync, constants, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A started server: where it answers, and how it ends. */
export interface Running {
  readonly url: string;
  /** Where it comes from, for people. */
  readonly using: string;
  stop(): Promise<void>;
  /** Only of a program of this machine: sends it a signal. */
  signal?(signal: NodeJS.Signals): void;
  /** Only of a program of this machine: ends it as a crash does. */
  kill?(): Promise<void>;
}

/** Where a server's data stay and which port it takes, so that it can be stopped and started again. */
export interface Place {
  readonly folder: string;
  readonly port: number;
}

/** Whose account a server runs under; undefined means our own. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Debian keeps Postgres' programs off the PATH, one folder per version, and daemons in sbin. */
function folders(): string[] {
  const versions = '/usr/lib/postgresql';
  const postgres = listed(versions)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, 'bin'));
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/usr/sbin', ...postgres];
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The path of a program, or undefined where the machine does not have it. */
export function findProgram(name: string): string | undefined {
  for (const folder of folders()) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: look in the next folder.
    }
  }
  return undefined;
}

/** Postgres refuses to run as root: then it gets the account Debian made for it, else nobody's. */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // No such user: try the next one.
    }
  }
  throw new Error('Postgres does not run as root, and this machine has neither a user postgres nor a user nobody.');
}

/** The folder of the place, or a new temporary one; it belongs to `account`. */
export function folderOf(name: string, place?: Place, account?: Account): string {
  if (place !== undefined) mkdirSync(place.folder, { recursive: true });
  const folder = place?.folder ?? mkdtempSync(join(tmpdir(), `s101-${name}-`));
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  return folder;
}

/** A port of the loopback interface that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A server to start as a child process. */
export interface ServerProcess {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** The folder stays when the server has ended. */
  readonly kept: boolean;
  readonly account?: Account | undefined;
  readonly url: string;
  /** Fails until the server answers. */
  probe(url: string): Promise<void>;
  readonly stopSignal: NodeJS.Signals;
}

/** Starts a server as a child process and resolves when it answers. */
export async function startServer(server: ServerProcess): Promise<Running> {
  const child = spawn(server.program, server.args, { ...server.account, cwd: server.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  const keepTail = (chunk: Buffer) => output.push(chunk.toString()) > 200 && output.shift();
  child.stdout.on('data', keepTail);
  child.stderr.on('data', keepTail);
  const stop = async () => {
    await end(child, server.stopSignal);
    if (!server.kept) rmSync(server.folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([answering(server, 20_000), failure(child)]);
  } catch (error) {
    await stop();
    throw new Error(`${server.program}: ${(error as Error).message}\n${output.join('')}`, { cause: error });
  }
  return {
    url: server.url,
    using: server.program,
    stop,
    signal: (signal) => void child.kill(signal),
    kill: () => end(child, 'SIGKILL'),
  };
}

async function failure(child: ChildProcess): Promise<never> {
  const [reason] = (await once(child, 'exit')) as [number | null];
  throw new Error(`ended at once with exit code ${reason}`);
}

async function answering(server: ServerProcess, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      await server.probe(server.url);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`does not answer after ${withinMs} ms`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  const impatience = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(impatience);
}
