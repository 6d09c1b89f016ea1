import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import { createThing, dawdle, getShop, greet, listThings } from './demo-contracts.js';
import { acme, GatewayFixture, globex, keys, thingId } from './gateway-fixture.js';
import { rawRequest, type RawAnswer } from './raw-request.js';

let gateway: GatewayFixture;
let created: unknown[] = [];

beforeAll(async () => {
  gateway = await GatewayFixture.start();
  await gateway.answer(createThing, (input) => {
    created.push(input);
    return { thingId, name: 'x', version: 1 };
  });
  await gateway.answer(listThings, () => ({ data: [], nextCursor: null }));
  await gateway.answer(getShop, ({ tenantId }) => ({ tenantId }));
  await gateway.answer(greet, () => ({ greeting: 'hello' }));
});
afterAll(() => gateway.close());
beforeEach(() => {
  created = [];
});

const raw = (...pieces: readonly (string | Buffer)[]) => rawRequest(gateway.port, ...pieces);
const head = (line: string, ...headers: readonly string[]) => `${[line, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
const bearer = (key: string) => `Authorization: Bearer ${key}`;
const codeOf = (answer: RawAnswer) => {
  expect(answer.head.toLowerCase()).toContain('content-type: application/problem+json');
  return { status: answer.status, code: (JSON.parse(answer.body) as { code: string }).code };
};

/** Posts bytes as the body of a new thing. */
async function post(body: string | Buffer, ...headers: readonly string[]): Promise<RawAnswer> {
  const bytes = Buffer.from(body);
  const type = headers.some((header) => /^content-type/i.test(header)) ? [] : ['Content-Type: application/json'];
  return raw(head('POST /v1/things HTTP/1.1', bearer(keys.admin), ...type, ...headers, `Content-Length: ${bytes.length}`), bytes);
}

describe('ways around the door', () => {
  it.each([
    ['an encoded letter', '/v1/%73hops/'],
    ['an encoded slash', '/v1%2Fshops/'],
    ['a doubled slash', '//v1/shops/'],
    ['a slash in the middle', '/v1//shops/'],
    ['dots', '/v1/things/../shops/'],
    ['encoded dots', '/v1/things/%2e%2e/shops/'],
    ['upper case', '/V1/SHOPS/'],
    ['a semicolon', '/v1/shops;x=1/'],
    ['an absolute target', 'http://localhost/v1/shops/'],
    ['an absolute target of another host', 'http://evil.example/v1/shops/'],
    ['no slash at all', '*v1/shops/'],
    ['a host and no slash', 'evil.example/v1/shops/'],
  ])('%s in the path lets nobody in who may not', async (_, prefix) => {
    const without = await raw(head(`GET ${prefix}${acme} HTTP/1.1`));
    const foreign = await raw(head(`GET ${prefix}${globex} HTTP/1.1`, bearer(keys.viewer)));

    expect([400, 401, 404]).toContain(without.status);
    expect([400, 404]).toContain(foreign.status);
    expect(foreign.body).not.toContain(`"tenantId":"${globex}"`);
  });

  it('answers an encoded path like the plain one for those who may', async () => {
    const answer = await raw(head(`GET /v1/%73hops/${acme} HTTP/1.1`, bearer(keys.viewer)));

    expect(answer.status).toBe(200);
  });

  it.each([
    ['a trailing slash', `/v1/shops/${acme}/`],
    ['an encoded slash in an id', `/v1/shops/${acme}%2Fx`],
    ['a NUL in an id', `/v1/shops/${acme}%00`],
    ['broken encoding', '/v1/shops/%zz'],
    ['broken UTF-8', '/v1/shops/%ff'],
    ['an endless id', `/v1/shops/${'a'.repeat(3_000)}`],
  ])('%s is not found', async (_, path) => {
    const answer = await raw(head(`GET ${path} HTTP/1.1`, bearer(keys.viewer)));

    expect(codeOf(answer).status).toBe(404);
  });

  it('asks for a method by its line only', async () => {
    const answer = await raw(
      head('GET /v1/things HTTP/1.1', bearer(keys.viewer), 'X-HTTP-Method-Override: POST', 'X-Method-Override: DELETE'),
    );

    expect(answer.status).toBe(200);
    expect(created).toEqual([]);
  });

  it.each(['TRACE', 'PUT', 'OPTIONS'])('answers %s with what is allowed', async (method) => {
    const answer = await raw(head(`${method} /v1/things HTTP/1.1`));

    expect(answer.status).toBe(method === 'OPTIONS' ? 204 : 405);
    expect(answer.head).toMatch(/allow: GET, HEAD, OPTIONS, POST/i);
  });

  it.each(['HEAD', 'GET'])('refuses %s where there is only POST', async (method) => {
    const answer = await raw(head(`${method} /v1/broken HTTP/1.1`));

    expect(answer.status).toBe(405);
  });

  it('knows no other paths', async () => {
    const answer = await raw(head('POST /v1/nothing HTTP/1.1', 'Content-Type: text/plain', 'Content-Length: 2'), '{}');

    expect(codeOf(answer)).toEqual({ status: 404, code: 'route_not_found' });
  });

  it('takes the first of two credentials, not both', async () => {
    const answer = await raw(head(`GET /v1/shops/${globex} HTTP/1.1`, bearer(keys.viewer), bearer(keys.globex)));

    expect(answer.status).toBe(404);
  });
});

describe('bodies that are not what they seem', () => {
  it.each([
    ['not JSON', '{"name":', 'malformed_json'],
    ['a byte order mark', '\ufeff{"name":"x"}', 'malformed_json'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'malformed_json'],
    ['NaN', '{"name":"x","size":NaN}', 'malformed_json'],
    ['a prototype', '{"name":"x","__proto__":{"admin":true}}', 'validation_failed'],
    ['a prototype further in', '{"name":"x","free":{"a":[{"__proto__":1}]}}', 'validation_failed'],
    ['an escaped prototype', '{"name":"x","\\u005f_proto__":1}', 'validation_failed'],
    ['a NUL character', '{"name":"a\\u0000b"}', 'validation_failed'],
    ['half a surrogate pair', '{"name":"\\ud800"}', 'validation_failed'],
    ['half a surrogate pair in a name', '{"name":"x","free":{"\\udc00":1}}', 'validation_failed'],
    ['a number beyond all', '{"name":"x","size":1e400}', 'validation_failed'],
    ['a number that would be rounded', '{"name":"x","free":{"id":12345678901234567890}}', 'validation_failed'],
    [
      'arrays, a hundred thousand deep',
      `{"name":"x","free":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
      'validation_failed',
    ],
    ['objects, ten thousand deep', `{"name":"x","free":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, 'validation_failed'],
    ['unknown deep arrays', `{"name":"x","y":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'validation_failed'],
    [
      'a hundred thousand names',
      `{"name":"x","owner":{${Array.from({ length: 100_000 }, (_, i) => `"${i}":1`).join(',')}}}`,
      'validation_failed',
    ],
  ])('refuses %s', async (_, body, code) => {
    const answer = await post(body);

    expect(codeOf(answer)).toEqual({ status: 400, code });
    expect(created).toEqual([]);
  });

  it('names twenty of a hundred thousand mistakes', async () => {
    const owner = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [String(index), 1]));

    const answer = await post(JSON.stringify({ name: 'x', owner }));

    expect((JSON.parse(answer.body) as { issues: unknown[] }).issues).toHaveLength(20);
  });

  it('gives services one value for a name that comes twice', async () => {
    const answer = await post('{"name":"first","name":"second","size":-0}');

    expect(answer.status).toBe(201);
    expect(created).toEqual([{ name: 'second', size: 0 }]);
  });

  it.each([
    ['text', 'Content-Type: text/plain', undefined],
    ['a form', 'Content-Type: application/x-www-form-urlencoded', undefined],
    ['no type', 'Content-Type:', undefined],
    ['another character set', 'Content-Type: application/json; charset=utf-16', undefined],
    ['a compressed body', 'Content-Type: application/json', 'Content-Encoding: gzip'],
  ])('refuses %s as a media type', async (_, type, encoding) => {
    const answer = await post('{"name":"x"}', type, ...(encoding === undefined ? [] : [encoding]));

    expect(codeOf(answer)).toEqual({ status: 415, code: 'unsupported_media_type' });
  });

  it('takes UTF-8 that says so', async () => {
    const answer = await post('{"name":"ä"}', 'Content-Type: application/json; charset="UTF-8"');

    expect(answer.status).toBe(201);
  });

  it('refuses a body that is too large before and while it arrives', async () => {
    const announced = await raw(
      head('POST /v1/things HTTP/1.1', bearer(keys.admin), 'Content-Type: application/json', 'Content-Length: 2000000'),
    );
    const chunk = `${(65_536).toString(16)}\r\n${' '.repeat(65_536)}\r\n`;
    const arriving = await raw(
      head('POST /v1/things HTTP/1.1', bearer(keys.admin), 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
      ...Array.from({ length: 17 }, () => chunk),
    );

    expect([codeOf(announced), codeOf(arriving)]).toEqual([
      { status: 413, code: 'payload_too_large' },
      { status: 413, code: 'payload_too_large' },
    ]);
  });

  it.each(['GET', 'DELETE'])('refuses a body with %s', async (method) => {
    const path = method === 'GET' ? '/v1/things' : `/v1/things/${thingId}`;
    const answer = await raw(
      head(`${method} ${path} HTTP/1.1`, bearer(keys.admin), 'Content-Type: application/json', 'Content-Length: 2'),
      '{}',
    );

    expect(codeOf(answer)).toEqual({ status: 400, code: 'validation_failed' });
  });

  it('takes no parameters in the query of a request with a body', async () => {
    const response = await gateway.fetch('/v1/things?name=x', { method: 'POST', key: keys.admin, body: { name: 'x' } });

    expect(response.status).toBe(400);
  });

  it('refuses ten thousand query parameters at once', async () => {
    const query = Array.from({ length: 1_000 }, (_, index) => `a${index}=1`).join('&');
    const answer = await raw(head(`GET /v1/things?${query} HTTP/1.1`, bearer(keys.viewer)));

    expect(codeOf(answer)).toEqual({ status: 400, code: 'validation_failed' });
  });
});

describe('what is not HTTP', () => {
  it.each([
    ['headers of 100 KB', head('GET /v1/greeting HTTP/1.1', `X-Long: ${'a'.repeat(100_000)}`), 431, 'headers_too_large'],
    ['a request line of 100 KB', head(`GET /v1/greeting?${'a'.repeat(100_000)} HTTP/1.1`), 431, 'headers_too_large'],
    ['nonsense', 'nonsense\r\n\r\n', 400, 'malformed_request'],
    ['two lengths', head('POST /v1/things HTTP/1.1', 'Content-Length: 2', 'Content-Length: 3'), 400, 'malformed_request'],
    [
      'length and chunks',
      `${head('POST /v1/things HTTP/1.1', 'Content-Length: 2', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      400,
      'malformed_request',
    ],
    ['a header with a NUL', head('GET /v1/greeting HTTP/1.1', 'X-A: a\0b'), 400, 'malformed_request'],
    ['no host', 'GET /v1/greeting HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
  ])('answers %s with a problem', async (_, request, status, code) => {
    const answer = await raw(request);

    expect(codeOf(answer)).toEqual({ status, code });
    expect(answer.head.toLowerCase()).toContain('x-content-type-options: nosniff');
  });

  it('does not wait for a body that never ends', async () => {
    const impatient = await GatewayFixture.start({ requestTimeoutMs: 300 });

    const answer = await rawRequest(
      impatient.port,
      head('POST /v1/things HTTP/1.1', bearer(keys.admin), 'Content-Type: application/json', 'Content-Length: 100'),
      '{"name":',
    );

    expect(codeOf(answer)).toEqual({ status: 408, code: 'request_timeout' });
    await impatient.close();
  });

  it('goes on after all that', async () => {
    const response = await gateway.fetch('/v1/greeting');

    expect(response.status).toBe(200);
  });

  it('stops waiting when the client has gone', async () => {
    const { transport } = gateway;
    const request = transport.request.bind(transport);
    const signals: AbortSignal[] = [];
    transport.request = (subject, message, options) => {
      if (subject === dawdle.subject && options.signal !== undefined) signals.push(options.signal);
      return request(subject, message, options);
    };
    await gateway.answer(dawdle, () => new Promise((resolve) => setTimeout(() => resolve({}), 100)));
    const controller = new AbortController();

    const outcome = fetch(new URL('/v1/late', gateway.url), { signal: controller.signal }).then(() => 'answered', String);
    await eventually(() => expect(signals).toHaveLength(1), 2_000);
    controller.abort();
    expect(await outcome).toContain('abort');
    await eventually(() => expect(signals[0]?.aborted).toBe(true), 2_000);
    expect((await gateway.fetch('/v1/greeting')).status).toBe(200);
  });
});
