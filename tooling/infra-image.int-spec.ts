import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nats, postgres, productServices, redis, ServiceProcess, type TestServer } from '@support101/testing';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './children.mjs';
import { execForm, readDockerfile, runStage, type Stage } from './infra/dockerfile.ts';
import { projectEnvironment, projectNode, root } from './set-up.mjs';

// What infra/docker/Dockerfile does, done without an engine: its own instructions, in folders that stand for its stages.
const stages = readDockerfile(join(root, 'infra/docker/Dockerfile'));
const stage = (name: string): Stage => stages.find((each) => each.name === name) ?? { name, from: '', instructions: [] };
const environment = { ...projectEnvironment, CI: 'true', NODE_OPTIONS: '' };
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
  for (const path of output.split('\0').filter((each) => each !== '' && !/^(docs|infra|bench)\//.test(each))) {
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

const withoutRights = { ...process.env, NODE_OPTIONS: '' };

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
    await runStage(stage('built'), 'repo', options);
    const image = join(folder, 'app');
    renameSync(join(folder, 'built', 'image'), image);

    const [program = '', ...args] = execForm(stage('service'), 'ENTRYPOINT');
    const ended = await run(program, args, { cwd: image, env: { PATH: environment.PATH } });

    expect(program).toBe('node');
    expect(ended).toEqual({ code: 78, output: expect.stringMatching(/NATS_URL/) });
  }, 180_000);

  it.each([...productServices])('of %s runs from what is deployed, writes nowhere, and ends when told', async (service) => {
    const target = join(folder, service);
    const deploy = await run(
      'pnpm',
      ['--filter', `@support101/${service}`, '--config.inject-workspace-packages=true', 'deploy', '--prod', '--offline', target],
      { cwd: root, env: environment },
    );
    const running = processOf(service, join(target, 'dist/main.js'));
    await running.start();
    const health = await run(projectNode, execForm(stage('service'), 'HEALTHCHECK').slice(1), {
      env: { ...withoutRights, MANAGEMENT_PORT: new URL(running.managementUrl).port },
    });

    const code = await running.stop();

    expect(deploy).toEqual({ code: 0, output: expect.any(String) });
    expect(health).toEqual({ code: 0, output: '' });
    expect(code).toBe(0);
    expect(running.output).not.toContain('ERR_ACCESS_DENIED');
  });
});

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
    expect(execForm(stage('service'), 'ENTRYPOINT')).toEqual(['node', 'dist/main.js']);
  });
});
