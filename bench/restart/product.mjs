// The standalone process as `npm start` runs it, and the one client that the benchmark needs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

const main = new URL('../../apps/standalone/dist/main.js', import.meta.url).pathname;
const platformKey = 'platform-key-of-the-restart-benchmark';

/**
 * Starts it on `directory`; `readyMs` is from the start of the process until it says where it answers, `cpuMs` what it has
 * used of the processor until then, which is what other work on the machine changes least.
 */
export async function start(directory) {
  const begun = performance.now();
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', SUPPORT101_DEMO: '0' };
  Object.assign(env, { SUPPORT101_DATA_DIR: directory, SUPPORT101_PLATFORM_KEY: platformKey });
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const url = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        const match = /API\s+(http:\S+)\/v1/.exec(output);
        if (match !== null) resolve(match[1]);
      });
    }
    child.once('exit', (code) => reject(new Error(`the standalone ended with ${code} before it was ready:\n${output}`)));
  });
  const readyMs = performance.now() - begun;
  const cpuMs = await cpuOf(child.pid);
  const ready = await fetch(`${url}/health/ready`);
  if (ready.status !== 200) throw new Error(`it says that it is ready, and /health/ready says ${ready.status}`);
  return {
    readyMs,
    cpuMs,
    call: (method, path, body, key = platformKey) => call(`${url}${path}`, method, body, key),
    end: async (signal = 'SIGINT') => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

/** Milliseconds of the processor that a process has used; undefined where there is no /proc. */
async function cpuOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const [user, system] = text?.split(') ')[1]?.split(' ').slice(11, 13) ?? [];
  return user === undefined ? undefined : (Number(user) + Number(system)) * 10;
}

async function call(url, method, body, key) {
  const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

/** What `look` gives as soon as it gives something. */
export async function until(what, look, seconds = 60) {
  for (const deadline = performance.now() + seconds * 1_000; performance.now() < deadline;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
