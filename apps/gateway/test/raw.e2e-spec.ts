import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { InputOf } from '@support101/contracts';
import { takeThing } from './demo-contracts.js';
import { GatewayFixture, keys, thingId } from './gateway-fixture.js';
import { rawRequest } from './raw-request.js';

let gateway: GatewayFixture;
let taken: InputOf<typeof takeThing>[] = [];
const path = `/v1/signed/${thingId}`;

beforeAll(async () => {
  gateway = await GatewayFixture.start();
  await gateway.answer(takeThing, (input) => {
    taken.push(input);
    return { status: 'taken' };
  });
});

beforeEach(() => {
  taken = [];
});

afterAll(async () => {
  await gateway?.close();
});

function post(body: Buffer | string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, gateway.url), { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
}

describe('a route that takes its body raw', () => {
  it.each([
    [
      'JSON with blanks, double keys and big numbers',
      '{ "a":1, "a": 12345678901234567890 ,"__proto__":{}}\r\n',
      'application/json',
    ],
    ['a form', 'payload=%7B%7D&x=+', 'application/x-www-form-urlencoded'],
    ['bytes that are no text', Buffer.from([0, 255, 254, 195, 40]), 'application/octet-stream'],
    ['what is not JSON', '{"a":', 'application/json; charset=utf-16'],
    ['nothing', '', 'application/json'],
  ])('passes on %s byte by byte', async (_, body, type) => {
    const response = await post(body, { 'content-type': type });

    expect(response.status).toBe(202);
    expect(Buffer.from(taken[0]?.bytes ?? '', 'base64')).toEqual(Buffer.from(body));
    expect(taken[0]).toMatchObject({ thingId, given: { 'content-type': type } });
  });

  it('takes a body without a media type, and a compressed one as it is', async () => {
    const head = [`POST ${path}?user_id=1&user_id=2 HTTP/1.1`, 'Host: x', 'Content-Length: 2'];

    const untyped = await rawRequest(gateway.port, [...head, '', 'ab'].join('\r\n'));
    const compressed = await post('zipped', { 'content-type': 'text/plain', 'content-encoding': 'gzip' });

    expect([untyped.status, compressed.status]).toEqual([202, 202]);
    expect(taken.map(({ bytes }) => Buffer.from(bytes, 'base64').toString())).toEqual(['ab', 'zipped']);
  });

  it('marks a header that came twice, in whatever case, and withholds credentials', async () => {
    const head = [
      `POST ${path} HTTP/1.1`,
      'Host: x',
      'X-Signature: one',
      'x-signature: two',
      'Authorization: Bearer secret',
      'Cookie: a=b',
      'Content-Type: text/plain',
      'content-type: text/html',
    ];

    const answer = await rawRequest(gateway.port, [...head, 'Content-Length: 0', '', ''].join('\r\n'));

    expect(answer.status).toBe(202);
    expect(taken[0]?.given).toMatchObject({ 'x-signature': 'one\ntwo', 'content-type': 'text/plain\ntext/html' });
    expect(taken[0]?.given).not.toHaveProperty('authorization');
    expect(taken[0]?.given).not.toHaveProperty('cookie');
  });

  it('takes nothing for ours that a stranger sends under the names of our headers', async () => {
    const response = await post('x', { 'idempotency-key': 'with blanks in it', 'x-tenant-id': 'no tenant' });

    expect(response.status).toBe(202);
  });

  it('takes 512 KiB and refuses a byte more, whatever the length header says', async () => {
    const fits = await post(Buffer.alloc(524_288, 'x'));
    const announced = await post(Buffer.alloc(524_289, 'x'));
    const chunk = `${(524_289).toString(16)}\r\n${'x'.repeat(524_289)}\r\n0\r\n\r\n`;
    const chunked = await rawRequest(
      gateway.port,
      `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
      chunk,
    );

    expect([fits.status, announced.status, chunked.status]).toEqual([202, 413, 413]);
    expect(taken[0]?.bytes).toHaveLength(Math.ceil(524_288 / 3) * 4);
  });

  it('refuses a path that fits no contract input, and other methods', async () => {
    const unfit = await fetch(new URL('/v1/signed/x', gateway.url), { method: 'POST', body: 'x' });
    const read = await fetch(new URL(path, gateway.url));

    expect(unfit.status).toBe(400);
    expect(await unfit.json()).toMatchObject({ code: 'validation_failed', issues: [{ path: '/thingId' }] });
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
  });

  it('changes nothing for the routes beside it', async () => {
    const html = await gateway.fetch('/v1/things', {
      method: 'POST',
      key: keys.admin,
      headers: { 'content-type': 'text/html' },
      body: 'x',
    });

    expect(html.status).toBe(415);
  });
});
