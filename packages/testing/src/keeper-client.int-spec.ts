import { afterAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const temporary = mkdtempSync(join(tmpdir(), 's101-keeper-spec-'));
// Postgres runs under another account than root and must get through.
chmodSync(temporary, 0o755);
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const client = fileURLToPath(new URL('./keeper-client.ts', import.meta.url));

/** Runs a test run of its own: it starts servers, says where, and then waits to be ended. */
async function startRun(environment: NodeJS.ProcessEnv, paths: readonly string[]) {
  const program = `
    import { askKeeper } from ${JSON.stringify(client)};
    const answers = await Promise.all(${JSON.stringify(paths)}.map((path) => askKeeper('POST', path).catch((error) => ({ error: error.message }))));
    console.log(JSON.stringify(answers));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SUPPORT101_TEST_KEEPER: undefined, ...environment },
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, answers: JSON.parse(line) as { url?: string; error?: string }[] };
}

const answers = async (url: string) => {
  const { hostname, port } = new URL(url);
  return fetch(`http://${hostname}:${port}`).then(
    () => true,
    (error: { cause?: { code?: string } }) => error.cause?.code !== 'ECONNREFUSED',
  );
};

describe('the keeper', () => {
  it.each(['SIGINT', 'SIGKILL'] as const)('stops every server and removes all folders when the run gets %s', async (signal) => {
    const run = await startRun({ TMPDIR: temporary }, ['/postgres', '/redis', '/nats', '/folder']);
    const [folder = '', ...urls] = run.answers.map(({ url }) => url ?? '').toReversed();
    expect(readdirSync(temporary)).toContain(basename(folder));
    expect(await Promise.all(urls.map(answers))).toEqual([true, true, true]);

    run.child.kill(signal);

    await eventually(async () => expect(await Promise.all(urls.map(answers))).toEqual([false, false, false]), 10_000);
    await eventually(() => expect(readdirSync(temporary)).toEqual([]));
  });

  it('names a given server that does not answer, and does not look for another', async () => {
    const run = await startRun({ SUPPORT101_TEST_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, ['/postgres']);
    run.child.kill();

    expect(run.answers[0]?.error).toContain('SUPPORT101_TEST_DATABASE_URL is set, but nothing answers there');
  });
});
