import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, type InputOf, type OutputOf } from '@support101/contracts';
import { apiKeyRevoked } from '@support101/contracts/tenancy';
import { eventually } from '@support101/testing';
import { exportThings } from './demo-contracts.js';
import { acme, GatewayFixture, globex, keys, platformKey } from './gateway-fixture.js';

type Page = OutputOf<typeof exportThings>;
type Asked = InputOf<typeof exportThings>;

let gateway: GatewayFixture;
/** What the service was asked, and what it answers. */
let asked: Asked[];
let answer: (input: Asked) => Page | Promise<Page>;
/** Of the latest request: what the audit is told comes a second later, and says what it is about. */
let requestId = 'none';

const thing = (name: string) => ({ name, maker: { city: 'Bern, CH' }, notes: { size: 1 } });
const things = ['=one', 'two', 'three'].map(thing);
/** Two pages: two things, and one. */
const twoPages = ({ cursor }: Asked): Page =>
  cursor === undefined ? { data: things.slice(0, 2), nextCursor: 'rest' } : { data: things.slice(2), nextCursor: null };

beforeAll(async () => {
  // Long enough for every page to be asked for where nothing holds it back.
  gateway = await GatewayFixture.start({ stalledMs: 2_000 });
  await gateway.answer(exportThings, (input) => {
    asked.push(input);
    return answer(input);
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.audited.length = 0;
  [asked, answer] = [[], twoPages];
});

const headersOf = (more: Record<string, string> = {}) => {
  requestId = `of-${randomUUID()}`;
  return { 'x-request-id': requestId, ...more };
};
const get = (query = '', key: string = keys.viewer, more: Record<string, string> = {}, method = 'GET') =>
  gateway.fetch(`/v1/things/export${query}`, { key, method, headers: headersOf(more) });
const ended = () =>
  eventually(() => {
    const entry = gateway.audited.find((told) => told.action === 'gateway.exports.ended' && told.correlationId === requestId);
    if (entry === undefined) throw new Error('not told yet');
    return entry;
  }, 10_000);

describe('an export', () => {
  it.each([
    ['', 'json', 'application/json', `[${things.map((one) => JSON.stringify(one)).join(',\n')}]\n`],
    ['?format=json', 'json', 'application/json', `[${things.map((one) => JSON.stringify(one)).join(',\n')}]\n`],
    ['?format=ndjson', 'ndjson', 'application/x-ndjson', things.map((one) => `${JSON.stringify(one)}\n`).join('')],
    [
      '?format=csv',
      'csv',
      'text/csv; charset=utf-8',
      'name,maker.city,notes\r\n' + ["'=one", 'two', 'three'].map((name) => `${name},"Bern, CH","{""size"":1}"\r\n`).join(''),
    ],
  ])('%s is all pages as one file', async (query, format, contentType, file) => {
    const response = await get(query);

    expect(await response.text()).toBe(file);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, contentType]);
    expect(response.headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="things-${acme}-[0-9]{8}T[0-9]{6}Z\\.${format}"$`),
    );
    expect(response.headers.get('ratelimit')).not.toBeNull();
    expect(asked).toEqual([{}, { cursor: 'rest' }]);
  });

  it('passes filters on with every page, and not the format', async () => {
    await (await get('?kind=b&format=ndjson')).text();

    expect(asked).toEqual([{ kind: 'b' }, { kind: 'b', cursor: 'rest' }]);
  });

  it.each([
    ['?format=json', '[]\n'],
    ['?format=ndjson', ''],
    ['?format=csv', 'name,maker.city,notes\r\n'],
  ])('%s of nothing is a file all the same', async (query, file) => {
    answer = () => ({ data: [], nextCursor: null });

    expect(await (await get(query)).text()).toBe(file);
  });

  it.each([
    ['an unknown parameter', '?colour=red', '/colour'],
    ['a cursor', '?cursor=x', '/cursor'],
    ['a limit', '?limit=5', '/limit'],
    ['an unknown format', '?format=xml', '/format'],
    ['a format that is named twice', '?format=csv&format=json', '/format'],
    ['a filter that does not fit', '?kind=c', '/kind'],
  ])('refuses %s', async (_, query, path) => {
    const response = await get(query);

    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'validation_failed', issues: [expect.objectContaining({ path })] }),
    ]);
    expect(asked).toEqual([]);
  });

  it('is for those who may read the list, with GET', async () => {
    expect((await gateway.fetch('/v1/things/export')).status).toBe(401);
    expect((await get('', platformKey)).status).toBe(400);
    expect((await get('', keys.viewer, {}, 'HEAD')).status).toBe(405);
    expect(asked).toEqual([]);
  });
});

describe('an export is on the audit', () => {
  const note = { resource: 'operation:demo.things.export.v1', eventType: 'data_accessed', outcome: 'success' };
  const details = { format: 'csv', filters: { kind: 'a' } };

  it('before anything of it is sent, and with how much it was afterwards', async () => {
    const response = await get('?kind=a&format=csv');
    const before = gateway.audited.filter(({ correlationId }) => correlationId === requestId);
    await response.text();

    const principal = { type: 'key', id: gateway.owners.get(keys.viewer)?.keyId };
    const common = { ...note, tenantId: acme, principal, correlationId: requestId };
    expect(before).toEqual([expect.objectContaining({ ...common, action: 'gateway.exports.started', details })]);
    expect(await ended()).toMatchObject({ ...common, details: { ...details, entries: 3 } });
  });

  it('of the tenant that the platform names', async () => {
    await (await get('', platformKey, { 'x-tenant-id': globex })).text();

    expect(await ended()).toMatchObject({ ...note, tenantId: globex, principal: { type: 'platform', id: 'platform' } });
  });

  it('or it is refused', async () => {
    gateway.auditIsAway = true;

    const response = await get();
    gateway.auditIsAway = false;

    expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ code: 'service_unavailable' })]);
    expect(response.headers.get('content-disposition')).toBeNull();
  });
});

describe('an export that cannot go on', () => {
  /** A first page, and a second one that fails when the client has the first. */
  const breaksOff = () => {
    const { promise: seen, resolve: hasSeen } = Promise.withResolvers<void>();
    answer = async ({ cursor }) => {
      if (cursor === undefined) return twoPages({});
      await seen;
      throw new DomainError('service_unavailable');
    };
    return hasSeen;
  };

  it('is a problem when nothing was sent yet', async () => {
    answer = () => {
      throw new DomainError('service_unavailable');
    };

    const response = await get();

    expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ code: 'service_unavailable' })]);
    expect(gateway.audited.filter(({ correlationId }) => correlationId === requestId)).toEqual([]);
  });

  it.each(['csv', 'json', 'ndjson'])('breaks off, so that nobody takes the %s for whole', async (format) => {
    const hasSeen = breaksOff();
    const response = await get(`?format=${format}`);
    const reader = response.body?.getReader();

    expect(response.status).toBe(200);
    expect(Buffer.from((await reader?.read())?.value as Uint8Array).toString()).toContain('two');
    hasSeen();
    await expect(reader?.read()).rejects.toThrow('terminated');
    expect(await ended()).toMatchObject({ outcome: 'service_unavailable', details: { entries: 2 } });
  });

  it('resets the connection of a client that knows no other sign', async () => {
    const hasSeen = breaksOff();
    const socket = connect(gateway.port, '127.0.0.1');
    const end = new Promise((resolve) => {
      socket.once('end', () => resolve('an ordinary end'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    socket.on('data', hasSeen);
    socket.write(`GET /v1/things/export?format=csv HTTP/1.0\r\nauthorization: Bearer ${keys.viewer}\r\n\r\n`);

    expect(await end).toBe('ECONNRESET');
  });

  it('stops when the key is revoked', async () => {
    const keyId = 'key_01jd5m6wz5f9r8x2k3c4v7b6n1';
    const key = 's101_exporter000000000000000000';
    gateway.owners.set(key, { tenantId: acme, roles: ['viewer'], keyId });
    const pages = 2_000;
    answer = async () => {
      if (gateway.owners.delete(key)) await gateway.publish({ type: apiKeyRevoked.type, tenantid: acme, data: { keyId } });
      // As a page that comes out of a database does, this lets others run.
      await new Promise(setImmediate);
      return { data: things, nextCursor: asked.length < pages ? 'more' : null };
    };

    await expect(get('', key).then((response) => response.text())).rejects.toThrow('terminated');
    expect(await ended()).toMatchObject({ outcome: 'unauthenticated' });
  });
});

describe('a client', () => {
  const endless = (): Page => ({ data: [thing('x'.repeat(800_000))], nextCursor: 'more' });

  it('that goes away ends the export', async () => {
    answer = endless;
    const response = await get();
    await response.body?.cancel();

    expect(await ended()).toMatchObject({ outcome: 'abandoned' });
    const count = asked.length;
    answer = twoPages;
    await (await get()).text();
    expect(asked).toHaveLength(count + 2);
  });

  it('that does not read holds the pages back, and is let go in the end', async () => {
    const pages = 64;
    answer = () => ({ ...endless(), nextCursor: asked.length < pages ? 'more' : null });
    const socket = connect(gateway.port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write(
      `GET /v1/things/export HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${keys.viewer}\r\nx-request-id: ${headersOf()['x-request-id']}\r\n\r\n`,
    );

    expect(await ended()).toMatchObject({ outcome: 'abandoned' });
    expect(asked.length).toBeLessThan(pages);
    socket.destroy();
  });

  it('has four exports at once, and then has to wait for one to end', async () => {
    const { promise: goOn, resolve: letGo } = Promise.withResolvers<void>();
    answer = async (input) => {
      if (input.cursor !== undefined) await goOn;
      return twoPages(input);
    };
    const four = await Promise.all([1, 2, 3, 4].map(() => get()));

    const fifth = await get();
    const ofOther = await get('', keys.globex);

    expect([fifth.status, fifth.headers.get('retry-after'), ofOther.status]).toEqual([429, '10', 200]);
    letGo();
    await Promise.all([...four, ofOther].map((response) => response.text()));
    expect(
      (
        await eventually(async () => {
          const again = await get();
          if (again.status !== 200) throw new Error('not yet');
          return again.text();
        }, 5_000)
      ).length,
    ).toBeGreaterThan(10);
    await eventually(() => expect(gateway.audited).toContainEqual(expect.objectContaining({ outcome: 'rate_limited' })), 5_000);
  });
});
