import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { Wire } from './wire.js';

/** Answers every piece with the same in capitals. */
let server: Server;
let heard = '';
let wire: Wire;
const clients: Socket[] = [];

beforeEach(async () => {
  heard = '';
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      heard += bytes.toString();
      socket.write(bytes.toString().toUpperCase());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  wire = await Wire.lay(`postgres://ann:secret@127.0.0.1:${(server.address() as AddressInfo).port}/notes?x=1`);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await wire.close();
  server.close();
});

/** A client through the wire, and what it has heard: `gone` when it was cut off. */
async function joined() {
  const client = connect(Number(new URL(wire.url).port), '127.0.0.1');
  clients.push(client);
  const state = { said: '', gone: false };
  client.on('error', () => undefined);
  client.on('data', (bytes) => (state.said += bytes.toString()));
  client.on('close', () => (state.gone = true));
  await once(client, 'connect');
  return { state, say: (text: string) => client.write(text) };
}

describe('a wire', () => {
  it('has the address of its server but for host and port, and carries both ways', async () => {
    const client = await joined();

    client.say('hello');
    await eventually(() => expect(client.state.said).toBe('HELLO'));

    expect(wire.url).toMatch(/^postgres:\/\/ann:secret@127\.0\.0\.1:\d+\/notes\?x=1$/);
  });

  it('cuts off who says the word: the server has it, its answer is lost, and others go on', async () => {
    const [one, other] = [await joined(), await joined()];
    wire.cutAfter = 'commit';

    one.say('BEGIN; COMMIT');
    await eventually(() => one.state.gone && heard.length > 0);
    other.say('select');
    await eventually(() => expect(other.state.said).toBe('SELECT'));

    expect(heard).toBe('BEGIN; COMMITselect');
    expect(one.state.said).toBe('');
    expect(other.state.gone).toBe(false);
  });

  it('cuts off who says another word before the server hears of it', async () => {
    const [one, other] = [await joined(), await joined()];
    wire.cutBefore = 'commit';

    one.say('BEGIN; COMMIT');
    await eventually(() => one.state.gone);
    other.say('select');
    await eventually(() => expect(other.state.said).toBe('SELECT'));

    expect([heard, one.state.said]).toEqual(['select', '']);
  });

  it('lets nobody through while it is cut', async () => {
    const before = await joined();
    wire.cut();
    const during = await joined();
    await eventually(() => before.state.gone && during.state.gone);
    wire.mend();
    const after = await joined();

    after.say('again');

    await eventually(() => expect(after.state.said).toBe('AGAIN'));
  });
});
