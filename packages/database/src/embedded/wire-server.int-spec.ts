import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import pg from 'pg';
import { WireServer, type Backend } from './wire-server.js';

/** Knows transactions, and how to fail as a backend fails. */
class ScriptedBackend implements Backend {
  readonly heard: string[] = [];
  #status = 'I';

  execProtocolRawSync(unit: Uint8Array): Uint8Array {
    const bytes = Buffer.from(unit);
    const text =
      bytes[0] === 0x51 ? bytes.toString('utf8', 5, bytes.length - 1) : bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '');
    this.heard.push(text);
    if (text === 'crash') throw Object.assign(new Error('exit'), { status: 1 });
    if (text === 'begin') this.#status = 'T';
    if (text === 'commit' || text === 'rollback') this.#status = 'I';
    const complete = Buffer.concat([Buffer.from([0x43, 0, 0, 0, 4 + text.length + 1]), Buffer.from(`${text}\0`)]);
    return Buffer.concat([complete, Buffer.from([0x5a, 0, 0, 0, 5]), Buffer.from(this.#status)]);
  }
}

describe('the door of the embedded database', () => {
  let directory: string;
  let server: WireServer;
  let backends: ScriptedBackend[];
  let crashes: string[];
  let reopen: () => Promise<Backend>;
  const clients: pg.Client[] = [];

  async function open(idleInTransactionMs = 60_000): Promise<void> {
    directory = await mkdtemp(join(tmpdir(), 's101-door-'));
    backends = [new ScriptedBackend()];
    crashes = [];
    reopen = async () => {
      backends.push(new ScriptedBackend());
      return backends.at(-1) as Backend;
    };
    server = new WireServer({
      backend: backends[0] as Backend,
      reopen: () => reopen(),
      parameters: { server_version: '18.0' },
      idleInTransactionMs,
      onCrash: (error) => crashes.push(error.message),
    });
    await server.listen(join(directory, '.s.PGSQL.5432'));
  }
  async function close(): Promise<void> {
    await server.close(0);
    await Promise.allSettled(clients.splice(0).map((client) => client.end()));
    await rm(directory, { recursive: true });
  }
  beforeEach(() => open());
  afterEach(close);

  async function client(): Promise<pg.Client> {
    const made = new pg.Client({ host: directory, user: 'x', database: 'x' });
    made.on('error', () => undefined);
    clients.push(made);
    await made.connect();
    return made;
  }
  function destroy(gone: pg.Client): void {
    (gone as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
  async function talk(bytes: Buffer): Promise<string> {
    const socket = connect(join(directory, '.s.PGSQL.5432'));
    const heard: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => heard.push(chunk));
    socket.write(bytes);
    await once(socket, 'close');
    return Buffer.concat(heard).toString('latin1');
  }

  it('lets nobody in between a transaction and its end', async () => {
    const [first, second] = [await client(), await client()];
    await first.query('begin');
    const waiting = second.query('other');

    await first.query('mine');
    await first.query('commit');
    await waiting;

    expect(backends[0]?.heard).toEqual(['begin', 'mine', 'commit', 'other']);
  });

  it('rolls back for a connection that went away, then serves the next', async () => {
    const [first, second] = [await client(), await client()];
    await first.query('begin');
    const waiting = second.query('other');

    destroy(first);
    await waiting;

    expect(backends[0]?.heard).toEqual(['begin', 'S', 'rollback', 'other']);
  });

  it('rolls back a transaction that says nothing for too long, so that nobody waits for ever', async () => {
    await close();
    await open(50);
    const [idle, second] = [await client(), await client()];
    await idle.query('begin');

    await second.query('other');

    expect(backends[0]?.heard).toEqual(['begin', 'S', 'rollback', 'other']);
    await expect(idle.query('late')).rejects.toThrow(/terminat|not queryable/);
  });

  it('lets an open transaction finish before it closes', async () => {
    const only = await client();
    await only.query('begin');

    const closing = server.close(5_000);
    await only.query('mine');
    await only.query('commit');
    await closing;

    expect(backends[0]?.heard).toEqual(['begin', 'mine', 'commit']);
    await expect(client()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('forgets the prepared statements of a connection that went away, but not inside the transaction of another', async () => {
    const [first, second] = [await client(), await client()];
    await first.query({ name: 'find', text: 'find it' });
    await second.query('begin');

    destroy(first);
    await second.query('mine');
    await second.query('commit');

    const heard = backends[0]?.heard ?? [];
    expect(heard.slice(1, 4)).toEqual(['begin', 'mine', 'commit']);
    await eventually(() => expect(heard.at(4)).toMatch(/^CSc\d+_findS$/), 2_000);
  });

  it('refuses to copy from a client, inside a transaction too, and goes on', async () => {
    const only = await client();
    await only.query('begin');

    await expect(only.query('COPY things FROM stdin')).rejects.toMatchObject({ code: '0A000' });
    await only.query('commit');

    expect(backends[0]?.heard).toEqual(['begin', 'commit']);
  });

  it('disconnects everybody when the backend has failed, opens another, and goes on', async () => {
    const [first, second] = [await client(), await client()];
    await first.query('begin');
    const waiting = second.query('other').catch((error: unknown) => error);

    await expect(first.query('crash')).rejects.toMatchObject({ code: '57P02' });

    expect(await waiting).toMatchObject({ code: '57P02' });
    const third = await client();
    await third.query('again');
    expect(crashes).toEqual(['the embedded database has failed']);
    expect(backends[1]?.heard).toEqual(['again']);
  });

  it('refuses connections while and after it could not be opened again', async () => {
    reopen = async () => {
      throw new Error('damaged');
    };
    const first = await client();
    await first.query('crash').catch(() => undefined);

    await expect(client()).rejects.toMatchObject({ code: '57P03' });

    expect(crashes).toEqual(['the embedded database has failed', 'the embedded database cannot be opened again']);
  });

  it('sends away what does not speak the protocol', async () => {
    const opening = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);

    expect(await talk(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toContain('0A000');
    expect(await talk(Buffer.concat([opening, Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])]))).toContain('08P01');
    expect(backends[0]?.heard).toEqual([]);
  });

  it('answers a request for encryption with no, and a cancel request by hanging up', async () => {
    const sslThenGoodbye = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47, 0, 0, 0, 8, 0, 3, 0, 0, 0x58, 0, 0, 0, 4]);

    expect(await talk(sslThenGoodbye)).toMatch(/^NR/);
    expect(await talk(Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 1]))).toBe('');
  });
});
