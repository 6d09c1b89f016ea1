import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EventEnvelope } from '@support101/contracts';

/** Where a worker kills itself: each is a moment between two commits. */
export type CrashPoint = 'decided' | 'resuming' | 'effect';

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** As `kill -9` does. */
  kill(): Promise<void>;
  /** Resolves when it has died. */
  dead(): Promise<void>;
}

/** Starts a worker on the database. It dies at the given point, if any, and hears of the event, if any, once it is ready. */
export function startWorker(url: string, point: CrashPoint | 'none' = 'none', event?: EventEnvelope): WorkerProcess {
  const sources = fileURLToPath(new URL('./typescript.mjs', import.meta.url));
  const program = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const told = event === undefined ? [] : [JSON.stringify(event)];
  const worker = spawn(process.execPath, ['--import', sources, program, url, point, ...told], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const dead = async (): Promise<void> => {
    if (hasDied(worker)) return;
    await once(worker, 'exit');
  };
  return {
    dead,
    kill: async () => {
      worker.kill('SIGKILL');
      await dead();
    },
  };
}

function hasDied(worker: ChildProcess): boolean {
  return worker.exitCode !== null || worker.signalCode !== null;
}
