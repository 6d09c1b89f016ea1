import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Where the keeper of this test run listens; set by whoever started it, inherited by every worker. */
const addressVariable = 'SUPPORT101_TEST_KEEPER';

/** The process that holds the servers of a test run. */
export interface Keeper {
  readonly address: string;
  /** Stops every server the keeper started, and the keeper. */
  stop(): Promise<void>;
}

/**
 * Starts the process that starts and stops real servers for this test run. It ends, with everything it started, when
 * `stop` is called or when this process is gone, however that happened: it watches a pipe that only this process holds.
 */
export async function startKeeper(): Promise<Keeper> {
  // From the sources Node runs the TypeScript file as it is; from dist it is JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./keeper/keeper.${extension}`, import.meta.url));
  // A session of its own, so that Ctrl-C in the terminal reaches the tests first and the keeper cleans up after them.
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
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

let own: Promise<Keeper> | undefined;

/** Asks the keeper of this run, starting one where a test runs outside a prepared run. */
export async function askKeeper(method: 'POST' | 'DELETE', path: string): Promise<{ url: string; id: string }> {
  const address = process.env[addressVariable] ?? (await (own ??= startKeeper())).address;
  const response = await fetch(`${address}${path}`, { method });
  const body = (await response.json()) as { url: string; id: string; error?: string };
  if (!response.ok) throw new Error(body.error);
  return body;
}
