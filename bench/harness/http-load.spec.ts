import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerIn, httpGets } from './http-load.mjs';

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((each) => each.close()));

async function clientOf(listener: RequestListener) {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = httpGets({ port, path: '/thing', headers: { authorization: 'Bearer key' } });
  open.push(client, server);
  return client;
}

describe('httpGets', () => {
  it('gives the body and keeps its connections', async () => {
    const ports = new Set<number | undefined>();
    const client = await clientOf((request, response) => {
      ports.add(request.socket.remotePort);
      response.end(`${request.method} ${request.url} ${request.headers.authorization}`);
    });

    expect(await client.get()).toBe('GET /thing Bearer key');
    await Promise.all([client.get(), client.get()]);
    await client.get();

    expect(ports.size).toBe(2);
  });

  it('fails for an answer that is not 200, and for one of another length', async () => {
    const answers = [
      [200, 'four'],
      [200, 'three'],
      [429, 'four'],
    ] as const;
    let asked = 0;
    const client = await clientOf((_request, response) => {
      const [status, body] = answers[asked++] ?? answers[0];
      response.statusCode = status;
      response.end(body);
    });

    await client.get();

    await expect(client.get()).rejects.toThrow('5 characters, not 4');
    await expect(client.get()).rejects.toThrow('429: four');
  });

  it('opens another connection where the server closed an idle one', async () => {
    const closed = Promise.withResolvers<void>();
    const client = await clientOf((request, response) => {
      request.socket.once('close', () => closed.resolve());
      response.end('answer', () => request.socket.end());
    });

    await client.get();
    await closed.promise;

    expect(await client.get()).toBe('answer');
  });

  it('fails when the server goes away', async () => {
    const client = await clientOf((request) => request.socket.destroy());

    await expect(client.get()).rejects.toThrow('closed');
  });
});

describe('answerIn', () => {
  it('waits for the whole of an answer', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

    expect(answerIn(text)).toEqual({ status: 200, body: 'hello' });
    for (let length = 0; length < text.length; length += 1) expect(answerIn(text.slice(0, length))).toBeUndefined();
  });

  it('refuses an answer that does not say its length', () => {
    expect(() => answerIn('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')).toThrow('length');
  });
});
