// The standalone process as `npm start` runs it, and the one client that the benchmark needs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const main = new URL('../../apps/standalone/dist/main.js', import.meta.url).pathname;
const platformKey = 'platform-key-of-the-restart-benchmark';

/** Starts it on `directory`; `readyMs` is from the start of the process until it says where it answers. */
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
  const ready = await fetch(`${url}/health/ready`);
  if (ready.status !== 200) throw new Error(`it says that it is ready, and /health/ready says ${ready.status}`);
  return {
    readyMs,
    output: () => output,
    call: (method, path, body, key = platformKey) => call(`${url}${path}`, method, body, key),
    end: async (signal = 'SIGINT') => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
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
  for (const deadline = performance.now() + seconds * 1_000; performance.now() < deadline; ) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}
