// Programs of a contest: Node processes of ours that never outlive the bench.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const stopWithinMs = 15_000;

/**
 * Starts a Node program. It says nothing on our output unless it fails; then its own words are in the error.
 * @param {URL} program
 * @param {{ args?: readonly string[], env?: Record<string, string>, ipc?: boolean, nodeFlags?: readonly string[] }} [options]
 */
export function startProgram(program, { args = [], env = {}, ipc = false, nodeFlags = [] } = {}) {
  const flags = (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter(Boolean);
  const child = spawn(process.execPath, [...nodeFlags, ...flags, program.pathname, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? ['ipc'] : [])],
  });
  running.add(child);
  const words = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      words.push(String(chunk));
      if (words.length > 200) words.shift();
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return `${program.pathname} ended (${signal ?? code}):\n${words.join('').slice(-2_000)}`;
  });
  return {
    pid: child.pid,
    child,
    /** Resolves with `work`'s result; throws the program's last words when it ends before. */
    while: (work) => Promise.race([work, ended.then((message) => Promise.reject(new Error(message)))]),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await ended;
      clearTimeout(impatience);
    },
  };
}

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when the address answers 200; for as long as `withinMs`. */
export async function answers(url, withinMs = 30_000) {
  await until(async () => (await fetch(url)).status === 200, url, withinMs);
}

/** Resolves when something listens on the port. */
export async function listens(port, withinMs = 10_000) {
  const attempt = async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  };
  await until(attempt, `port ${port}`, withinMs);
}

async function until(attempt, what, withinMs) {
  const deadline = performance.now() + withinMs;
  while (!(await attempt().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
