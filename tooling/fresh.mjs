// `npm run test:fresh`: clones main into an empty folder and runs the README's commands there as they stand, with empty
// package caches. `-- --gate` runs its `npm test` too. Plain Node, no dependencies.
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChildrenWithUs, run, signalGroup, start } from './children.mjs';
import { readmeSteps } from './readme-commands.mjs';
import { root } from './set-up.mjs';

const withGate = process.argv.includes('--gate');
const readyWithinMs = 15 * 60_000;
const readmePort = 4100;

endChildrenWithUs();
const temporary = mkdtempSync(join(tmpdir(), 's101-fresh-'));
// Postgres runs under another account than root and must get through.
chmodSync(temporary, 0o755);
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));
const clone = join(temporary, 'clone');
const environment = emptyCaches();

await portIsFree();
await shell(`git clone --quiet --branch main ${JSON.stringify(root)} ${JSON.stringify(clone)}`, temporary);
const steps = readmeSteps(readFileSync(join(clone, 'README.md'), 'utf8'));
if (!steps.some(({ kind }) => kind === 'start')) fail('README.md has no block marked "sh run" with npm start');

let running;
for (const step of steps) {
  if (step.kind === 'start') running = await startProgram(step.text);
  else if (step.kind === 'shell') await shell(`${step.text}`, clone);
  else if (withGate) await shell(step.text, clone);
}
await stopProgram(running);
console.log('\nA second start reuses everything:');
const again = await startProgram('npm start');
await stopProgram(again);
console.log(
  `\nThe README's commands work on a fresh clone. First start ${seconds(running.readyMs)}, second ${seconds(again.readyMs)}.`,
);
process.exit(0);

/** The environment of somebody who has never used npm or pnpm here. */
function emptyCaches() {
  const folder = (name) => {
    const path = join(temporary, name);
    mkdirSync(path, { mode: 0o755 });
    return path;
  };
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_registry)|INIT_CWD|NODE$|TURBO|SUPPORT101_)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: (process.env.PATH ?? '')
      .split(':')
      .filter((part) => !part.includes('node_modules'))
      .join(':'),
    TMPDIR: folder('tmp'),
    npm_config_cache: folder('npm'),
    PNPM_HOME: folder('pnpm'),
    XDG_CACHE_HOME: folder('cache'),
    XDG_DATA_HOME: folder('data'),
    XDG_STATE_HOME: folder('state'),
  };
}

async function portIsFree() {
  const server = createServer();
  server.once('error', () => fail(`port ${readmePort} is in use, and the README's commands need it`));
  server.listen(readmePort, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

/** Runs shell text; every command must succeed, and an HTTP error is a failure. */
async function shell(text, cwd) {
  console.log(`\n$ ${text.replaceAll('\n', '\n  ')}`);
  const prelude = 'set -euo pipefail; curl() { command curl --fail "$@" && echo; }';
  const { code } = await run('bash', ['-c', `${prelude}\n${text}`], {
    cwd,
    env: environment,
    onOutput: (chunk) => process.stdout.write(chunk),
  });
  if (code !== 0) fail(`that ended with exit code ${code}`);
}

async function startProgram(text) {
  console.log(`\n$ ${text}`);
  const begun = performance.now();
  const child = start('bash', ['-c', text], { cwd: clone, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let ready = false;
  const readyMs = await new Promise((resolve) => {
    let output = '';
    const take = (chunk) => {
      process.stdout.write(chunk);
      output += chunk;
      if (ready || !/is ready/.test(output)) return;
      ready = true;
      resolve(performance.now() - begun);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('exit', (code) => ready || fail(`it ended with exit code ${code} before it was ready`));
    setTimeout(() => ready || fail('it was not ready in time'), readyWithinMs).unref();
  });
  return { child, readyMs };
}

/** As Ctrl-C in a terminal: the whole group gets the signal. */
async function stopProgram({ child }) {
  const ended = once(child, 'exit');
  signalGroup(child, 'SIGINT');
  const [code, signal] = await ended;
  console.log(`stopped: ${code === null ? signal : `exit code ${code}`}`);
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function fail(message) {
  console.error(`\ntest:fresh failed: ${message}.`);
  process.exit(1);
}
