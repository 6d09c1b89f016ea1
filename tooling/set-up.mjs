// What must have happened before anything of the project can run: install and build. Plain Node, no dependencies.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './children.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

const binaries = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.installed-from');

/** Node 24 of the project, whatever this machine has. */
export const projectNode = join(binaries, process.platform === 'win32' ? 'node.exe' : 'node');

/** The environment in which the project's own programs are found first. */
export const projectEnvironment = {
  ...process.env,
  PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}`,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
};

/** Refuses a Node that is too old for the set-up itself, in words. */
export function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= 20) return;
  console.error(`Support101 needs Node.js 20 or later to start (this is ${process.version}); it brings its own Node 24.`);
  console.error('Install a current Node.js from https://nodejs.org and try again.');
  process.exit(1);
}

/** Installs the dependencies as the lockfile says; does nothing when that has been done. */
export async function install(progress) {
  const wanted = fingerprint();
  if (existsSync(projectNode) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const step = progress.step('installing dependencies');
  const { code, output } = await run('npx', ['--yes', 'pnpm@12', 'install', '--frozen-lockfile', '--reporter=append-only'], {
    cwd: root,
    // npm waits 10 s and more before it tries again: too long for somebody who only forgot the network.
    env: { npm_config_fetch_retry_mintimeout: '2000', npm_config_fetch_retry_maxtimeout: '5000', ...process.env },
    onOutput: (chunk) => {
      const counts = [...chunk.matchAll(/Progress: resolved (\d+), reused (\d+), downloaded (\d+), added (\d+)/g)].at(-1);
      if (counts !== undefined) step.update(`${counts[4]} of ${counts[1]} packages`);
    },
  });
  if (code !== 0) throw step.failed(installAdvice(output), output);
  writeFileSync(stamp, wanted);
  step.done();
}

/** What to tell somebody whose install failed with this output. */
export function installAdvice(output) {
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|META_FETCH_FAIL|network|dns error/i.test(
      output,
    )
  ) {
    return 'The npm registry could not be reached. The first start downloads the dependencies; check the network, the proxy, and `npm config get registry`.';
  }
  if (/ENOSPC/.test(output)) return 'The disk is full.';
  return 'The dependencies could not be installed.';
}

/** Changes whenever an installed tree made from it could differ. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Builds a workspace and what it depends on (all of them without one); turbo skips what has not changed. */
export async function build(progress, workspace) {
  const step = progress.step('building');
  const filter = workspace === undefined ? [] : [`--filter=${workspace}`];
  const { code, output } = await run('turbo', ['run', 'build', ...filter, '--output-logs=errors-only', '--log-order=grouped'], {
    cwd: root,
    env: projectEnvironment,
  });
  if (code !== 0) throw step.failed('The build failed.', output);
  step.done(/FULL TURBO/.test(output) ? 'nothing had changed' : undefined);
}
