import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nats, postgres, productServices, redis, ServiceProcess, type TestServer } from '@support101/testing';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './children.mjs';
import { execForm, readDockerfile, runStage, type Stage } from './infra/dockerfile.ts';
import { projectEnvironment, projectNode, root } from './set-up.mjs';

// What infra/docker/Dockerfile does, done without an engine: its own instructions, in folders that stand for its stages.
const stages = readDockerfile(join(root, 'infra/docker/Dockerfile'));
const stage = (name: string): Stage => stages.find((each) => each.name === name) ?? { name, from: '', instructions: [] };
// The build finds in turbo's cache what was built here of the very same inputs.
const cache = { TURBO_CACHE_DIR: join(root, '.turbo/cache'), TURBO_CACHE: 'local:rw' };
const environment = { ...projectEnvironment, ...cache, CI: 'true', NODE_OPTIONS: '' };
const folder = mkdtempSync(join(tmpdir(), 's101-image-'));
const engines: TestServer[] = [];
let urls: Record<string, string>;

beforeAll(async () => {
  engines.push(await postgres(), await nats(), await redis());
  const [database = '', natsUrl = '', redisUrl = ''] = engines.map(({ url }) => url);
  urls = { DATABASE_URL: database, NATS_URL: natsUrl, REDIS_URL: redisUrl };
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** The files that the build context holds: what is in git, or new and not ignored. */
async function context(): Promise<string> {
  const { output } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const target = join(folder, 'context');
  const left = /^(docs|infra|bench)\//;
  for (const path of output.split('\0').filter((each) => each !== '' && !left.test(each) && existsSync(join(root, each)))) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path), { force: true });
  }
  return target;
}

/** A service that may read everything, write only to /tmp, and start no other program: as in the image. */
function processOf(service: string, main: string, more: Record<string, string> = {}): ServiceProcess {
  const tmp = mkdtempSync(join(folder, 'tmp-'));
  const rights = `--permission --allow-fs-read=* --allow-fs-write=${tmp} --allow-worker --allow-addons --allow-wasi`;
  return new ServiceProcess({
    name: service,
    main,
    environment: {
      HOST: '127.0.0.1',
      SUPPORT101_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
      ...urls,
      NODE_OPTIONS: `${rights} --disable-warning=SecurityWarning`,
      TMPDIR: tmp,
      ...more,
    },
  });
}

describe('the image', () => {
  it('has, after the stages of its Dockerfile, all that a service needs to name its settings', async () => {
    const options = {
      folder,
      context: await context(),
      environment: { ...environment, SERVICE: 'tenancy' },
      rewrite: (command: string) =>
        command.replaceAll(' --store-dir=/pnpm-store', '').replaceAll(' /image', ` ${join(folder, 'built', 'image')}`),
    };
    await runStage(stage('pruned'), 'repo', options);
    // Outside of a git work tree, turbo's hashes of the same sources are others.
    await run('git', ['init', '--quiet', join(folder, 'built/repo')], {});
    await runStage(stage('built'), 'repo', options);
    const image = join(folder, 'app');
    renameSync(join(folder, 'built', 'image'), image);

    const [program = '', ...args] = execForm(stage('service'), 'ENTRYPOINT');
    const ended = await run(program, args, { cwd: image, env: { PATH: environment.PATH } });

    expect(program).toBe('node');
    expect(ended).toEqual({ code: 78, output: expect.stringMatching(/NATS_URL/) });
  }, 300_000);

  it('of each service runs from what is deployed, writes nowhere, and ends when told', async () => {
    const processes: ServiceProcess[] = [];
    for (const service of productServices) {
      const target = join(folder, service);
      await deploy(service, target);
      processes.push(processOf(service, join(target, 'dist/main.js')));
    }
    await Promise.all(processes.map((each) => each.start()));

    const health = await Promise.all(processes.map((each) => healthOf(each)));
    const metrics = await Promise.all(processes.map(async (each) => (await fetch(`${each.managementUrl}/metrics`)).text()));
    const codes = await Promise.all(processes.map((each) => each.stop()));

    expect(health).toEqual(processes.map(() => ({ code: 0, output: '' })));
    for (const [index, { name }] of processes.entries()) {
      expect(metrics[index]).toContain(`support101_ready_processes{service_name="${name}"} 1`);
    }
    expect(codes).toEqual(processes.map(() => 0));
    expect(processes.filter(({ output }) => output.includes('ERR_ACCESS_DENIED')).map(({ name }) => name)).toEqual([]);
  }, 300_000);
});

/** From the work tree, which is built; with the command of the Dockerfile. */
async function deploy(service: string, target: string): Promise<void> {
  const command = stage('built').instructions.findLast(({ keyword }) => keyword === 'RUN')?.rest ?? '';
  const here = command
    .replace(/^.*?(?=pnpm --filter)/, '')
    .replace(' --store-dir=/pnpm-store', '')
    .replace(' /image', ` ${target}`);
  const { code, output } = await run('sh', ['-c', here], { cwd: root, env: { ...environment, SERVICE: service } });
  if (code !== 0) throw new Error(`${here}\n${output}`);
}

/** What an engine is told to ask the process from time to time. */
function healthOf(running: ServiceProcess): Promise<{ code: number; output: string }> {
  const port = new URL(running.managementUrl).port;
  const [, ...args] = execForm(stage('service'), 'HEALTHCHECK');
  return run(projectNode, args, { env: { ...environment, MANAGEMENT_PORT: port } });
}

describe('the Dockerfile', () => {
  const workspace = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8');
  const version = (name: string) => new RegExp(`^  ${name}: (\\S+)$`, 'm').exec(workspace)?.[1] ?? 'not in the catalog';

  it('uses the versions of the catalog', () => {
    const install = stage('tools').instructions.find(({ keyword }) => keyword === 'RUN')?.rest;

    expect(install).toBe(`npm install --global pnpm@${version('pnpm')} turbo@${version('turbo')}`);
    expect([stage('tools').from, stage('service').from]).toEqual(Array(2).fill(`node:${version('node')}-bookworm-slim`));
  });

  it('ends in a process of its own, by a user without rights', () => {
    const instructions = stage('service').instructions.map(({ keyword, rest }) => `${keyword} ${rest}`);

    expect(instructions).toEqual(expect.arrayContaining(['USER 10001:10001', 'STOPSIGNAL SIGTERM', 'EXPOSE 9090']));
    expect(execForm(stage('service'), 'ENTRYPOINT')).toEqual(['node', '--max-semi-space-size=4', 'dist/main.js']);
  });
});
