import { afterEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '@support101/testing';
import { createInterface } from 'node:readline';
import { exitCodeOf, run } from './children.mjs';

const left: ChildProcess[] = [];
afterEach(() => left.splice(0).forEach((child) => child.kill('SIGKILL')));

/** Whether a process still runs; one that has ended and that nobody has collected yet does not. */
async function isRunning(pid: number): Promise<boolean> {
  const { output } = await run('ps', ['-o', 'stat=', '-p', String(pid)]);
  return output.trim() !== '' && !output.startsWith('Z');
}

/** A program that starts a shell that starts a sleeper, says the sleeper's pid, and waits. */
async function startFamily(ending: 'endChildrenWithUs' | 'endWithParent' = 'endChildrenWithUs') {
  const children = new URL('children.mjs', import.meta.url).href;
  const program = `
    import { ${ending}, start } from '${children}';
    ${ending}();
    start('sh', ['-c', 'sleep 600 & echo $!; wait'], { stdio: ['ignore', 'inherit', 'inherit'] });
    setInterval(() => undefined, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  left.push(parent);
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  return { parent, grandchild: Number(line) };
}

describe('endChildrenWithUs', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends the children of the children too on %s', async (signal) => {
    const { parent, grandchild } = await startFamily();
    expect(await isRunning(grandchild)).toBe(true);

    parent.kill(signal);
    const [code] = (await once(parent, 'exit')) as [number];

    expect(code).toBe(exitCodeOf(null, signal));
    await eventually(async () => expect(await isRunning(grandchild)).toBe(false));
  });
});

describe('endWithParent', () => {
  it('ends everything when the other end of the input is gone', async () => {
    const { parent, grandchild } = await startFamily('endWithParent');

    parent.stdin.destroy();
    await once(parent, 'exit');

    await eventually(async () => expect(await isRunning(grandchild)).toBe(false));
  });
});

describe('run', () => {
  it('gives the exit code and all output', async () => {
    const { code, output } = await run('sh', ['-c', 'echo out; echo err >&2; exit 3']);

    expect(code).toBe(3);
    expect(output).toBe('out\nerr\n');
  });

  it('ends what takes too long and says so', async () => {
    const { code, output } = await run('sleep', ['600'], { timeoutMs: 50 });

    expect(code).not.toBe(0);
    expect(output).toContain('stopped after');
  });

  it('says when there is no such program', async () => {
    expect(await run('no-such-program', [])).toMatchObject({ code: 127, output: expect.stringContaining('ENOENT') });
  });
});
