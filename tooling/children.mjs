// Child processes that never outlive us. Plain Node, no dependencies: runs before anything is installed.
import { spawn } from 'node:child_process';

/** Children that are still running; each leads a process group of its own, so that its children end with it. */
const running = new Set();

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Starts a program in a process group of its own: Ctrl-C reaches only us, and we pass it on once. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { detached: true, ...options });
  running.add(child);
  const forget = () => running.delete(child);
  child.once('error', forget);
  child.once('exit', forget);
  return child;
}

/** Signals a child and everything it started. */
export function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

/**
 * Runs a program to its end; gives its exit code and all it wrote. `onOutput` sees each chunk as it comes.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & { onOutput?: (chunk: string) => void, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(program, args, { onOutput, timeoutMs, ...options } = {}) {
  return new Promise((resolve) => {
    const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      onOutput?.(String(chunk));
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const impatience =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            output += `\nstopped after ${Math.round(timeoutMs / 1000)} s\n`;
            signalGroup(child, 'SIGKILL');
          }, timeoutMs);
    child.once('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.once('close', (code) => {
      clearTimeout(impatience);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** From now on an interruption ends the children first, then us. */
export function endChildrenWithUs() {
  for (const signal of Object.keys(signalNumbers)) process.on(signal, () => endAll(signal));
  process.on('exit', () => {
    for (const child of running) signalGroup(child, 'SIGKILL');
  });
}

/** For a program started with a pipe as its input: it ends when whoever started it is gone, even by SIGKILL. */
export function endWithParent() {
  process.stdin.resume().once('end', () => endAll('SIGTERM'));
  process.stdin.unref();
}

let ending = false;

function endAll(signal) {
  if (ending) return;
  ending = true;
  for (const child of running) signalGroup(child, 'SIGTERM');
  const insist = setTimeout(() => {
    for (const child of running) signalGroup(child, 'SIGKILL');
  }, 10_000);
  insist.unref();
  whenAllEnded(() => process.exit(128 + signalNumbers[signal]));
}

function whenAllEnded(then) {
  if (running.size === 0) then();
  else for (const child of running) child.once('exit', () => running.size === 0 && then());
}

/** The exit code a shell would give for how a child ended. */
export function exitCodeOf(code, signal) {
  return code ?? 128 + (signalNumbers[signal] ?? 9);
}
