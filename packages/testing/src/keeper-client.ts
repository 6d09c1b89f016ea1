import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Where the keeper of this test run listens; set by whoever started it, inherited by every worker. */
const addressVariable = 'SUPPORT101_TEST_KEEPER';

const gigabyte = 1024 ** 3;
/** What Linux calls a file system that is memory. */
const tmpfs = 0x01021994;

/** The process that holds the servers of a test run. */
export interface Keeper {
  readonly address: string;
  /** Stops every server the keeper started, and the keeper. */
  stop(): Promise<void>;
}

/**
 * Starts the process that starts and stops real servers for this test run. It ends, with everything it started, when
 * `stop` is called or when this process is gone, however that happened: it watches a pipe that only this process holds.
 * With `inMemory`, where the machine has room for them, the servers keep their files in memory: nothing of a test needs
 * them after the machine itself has crashed, and no test then waits for a disk.
 */
export async function startKeeper({ inMemory = false }: { readonly inMemory?: boolean } = {}): Promise<Keeper> {
  // From the sources Node runs the TypeScript file as it is; from dist it is JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./keeper/keeper.${extension}`, import.meta.url));
  // A session of its own, so that Ctrl-C in the terminal reaches the tests first and the keeper cleans up after them.
  const files = inMemory ? folderInMemory() : undefined;
  const env = files === undefined ? process.env : { ...process.env, TMPDIR: files };
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'], detached: true, env });
  const [address] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`The keeper of the test servers ended at once (exit ${code}).`)),
    ),
  ])) as [string];
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
  process.env[addressVariable] = address;
  return {
    address,
    stop: async () => {
      delete process.env[addressVariable];
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.ref();
      child.stdin.end();
      await ended;
    },
  };
}

/** Undefined where somebody has named the folder for temporary files, or the machine has little memory. */
function folderInMemory(): string | undefined {
  if (process.env['TMPDIR'] !== undefined || freemem() < 6 * gigabyte) return undefined;
  try {
    const { type, bavail, bsize } = statfsSync('/dev/shm');
    return type === tmpfs && bavail * bsize > 4 * gigabyte ? '/dev/shm' : undefined;
  } catch {
    return undefined;
  }
}

let own: Promise<Keeper> | undefined;

/** Asks the keeper of this run, starting one where a test runs outside a prepared run. */
export async function askKeeper(method: 'POST' | 'DELETE', path: string): Promise<{ url: string; id: string }> {
  const address = process.env[addressVariable] ?? (await (own ??= startKeeper())).address;
  const response = await fetch(`${address}${path}`, { method });
  const body = (await response.json()) as { url: string; id: string; error?: string };
  if (!response.ok) throw new Error(body.error);
  return body;
}
