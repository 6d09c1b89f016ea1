// The process that starts real servers for a test run and stops them when the run is gone: keeper-client.ts starts it.
// Node runs this folder's sources as they are, so its imports end in .ts and its syntax only adds types to JavaScript.
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engines } from './engines.ts';
import { start } from './ladder.ts';
import type { Running } from './programs.ts';

type Kind = keyof typeof engines | 'folder';

let sharedPostgres: Promise<Running> | undefined;
const own = new Map<string, Running>();
const starting = new Set<Promise<Running>>();
let lastId = 0;

async function open(kind: Kind): Promise<{ url: string; id: string }> {
  if (kind === 'postgres') {
    sharedPostgres ??= tracked(kind);
    sharedPostgres.catch(() => (sharedPostgres = undefined));
    return { url: (await sharedPostgres).url, id: '' };
  }
  const server = await tracked(kind);
  const id = String((lastId += 1));
  own.set(id, server);
  return { url: server.url, id };
}

function tracked(kind: Kind): Promise<Running> {
  const promise = kind === 'folder' ? makeFolder() : start(engines[kind]);
  starting.add(promise);
  promise.catch(() => starting.delete(promise));
  return promise;
}

/** For the files of a database that runs in the test's own process: it goes with the run, also when that is killed. */
async function makeFolder(): Promise<Running> {
  const url = mkdtempSync(join(tmpdir(), 's101-files-'));
  return { url, using: 'a temporary folder', stop: () => rm(url, { recursive: true, force: true }) };
}

async function close(id: string): Promise<void> {
  const server = own.get(id);
  own.delete(id);
  await server?.stop();
}

const server = createServer((request, response) => {
  // A kept connection that times out just as a client reuses it would fail a test.
  const answer = (status: number, body: object) => response.writeHead(status, { connection: 'close' }).end(JSON.stringify(body));
  const [, kind = '', id = ''] = (request.url ?? '').split('/');
  if (kind !== 'folder' && !Object.hasOwn(engines, kind)) {
    answer(404, { error: `no such server: ${kind}` });
    return;
  }
  const work = request.method === 'DELETE' ? close(id).then(() => ({})) : open(kind as Kind);
  work.then(
    (body) => answer(200, body),
    (error: unknown) => answer(500, { error: (error as Error).message }),
  );
});
// Installing a server can take minutes; whoever waits is on this machine.
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  server.close();
  await Promise.allSettled([...starting].map(async (promise) => (await promise).stop()));
  process.exit(0);
}

// The pipe closes when the run ends, is interrupted, or is killed.
process.stdin.resume().on('end', () => void end());
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
process.on('SIGHUP', () => void end());
