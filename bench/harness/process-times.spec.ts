import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { familyOf, listenerOn, processTimes, socketsIn, worksFor } from './process-times.mjs';

// The harness itself runs where /proc is; so do these.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('processTimes', () => {
  it('counts the work of this process, and leaves out a process that is not there', async () => {
    const gone = 2 ** 30;
    const before = await processTimes([process.pid, gone]);
    const until = performance.now() + 50;
    while (performance.now() < until);

    const after = await processTimes([process.pid, gone]);

    const used = (after.get(process.pid) ?? 0) - (before.get(process.pid) ?? 0);
    expect(used).toBeGreaterThan(1_000);
    expect(after.has(gone)).toBe(false);
  });
});

onLinux('familyOf', () => {
  it('finds what a child has started', async () => {
    const child = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'], { detached: true });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];

    const family = await familyOf(child.pid ?? 0);

    process.kill(-(child.pid ?? 0), 'SIGKILL');
    expect(family).toEqual([child.pid, Number(line.toString())]);
  });
});

onLinux('listenerOn', () => {
  it('names the process behind a port, and refuses one of another kind', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    await expect(listenerOn(port, 'postgres')).rejects.toThrow('postgres cannot be seen');
    server.close();
    await once(server, 'close');
    await expect(listenerOn(port, 'postgres')).rejects.toThrow('no process of this machine');
  });
});

describe('socketsIn', () => {
  const listening =
    '   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000 100 0 0 10 0';
  const connected = listening.replace(' 0A ', ' 01 ').replace('4711', '4712');

  it('finds the socket that listens on the port, not the connections', () => {
    const text = `  sl  local_address rem_address   st\n${listening}\n${connected}\n`;

    expect(socketsIn(text, 0x1538)).toEqual(['socket:[4711]']);
    expect(socketsIn(text, 0x1539)).toEqual([]);
  });
});

describe('worksFor', () => {
  it.each([
    ['postgres: postgres test_a 127.0.0.1(5001) idle', true],
    ['postgres: postgres test_b 127.0.0.1(5001) idle in transaction', false],
    ['postgres: 15/main: postgres test_a [local] SELECT', true],
    ['postgres: postgres test_b [local] SELECT', false],
    ['postgres: walwriter ', true],
    ['postgres: autovacuum launcher ', true],
  ])('%j works for test_a: %s', (title, expected) => {
    expect(worksFor(title, 'test_a')).toBe(expected);
  });
});
