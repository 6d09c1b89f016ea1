import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, type Caller } from '@support101/contracts';
import { apiKeyRevoked, tenantSuspended } from '@support101/contracts/tenancy';
import { eventually } from '@support101/testing';
import * as demo from './demo-contracts.js';
import { acme, GatewayFixture, globex, keys, platformKey, thingId } from './gateway-fixture.js';

let gateway: GatewayFixture;
/** What the played services were asked last. */
let asked: { input: unknown; caller: Caller } | undefined;

beforeAll(async () => {
  gateway = await GatewayFixture.start();
  const thing = { thingId, name: 'anvil', version: 3 };
  await gateway.answer(
    demo.getThing,
    noted((input) => (input.thingId === thingId ? thing : refuse('agent_not_found'))),
  );
  await gateway.answer(
    demo.createThing,
    noted((input) => ({ ...thing, name: input.name, version: input.name === 'later' ? 0 : 1 })),
  );
  await gateway.answer(
    demo.updateThing,
    noted((input) => (input.expectedVersion === 2 ? refuse('version_mismatch') : thing)),
  );
  await gateway.answer(
    demo.listThings,
    noted(() => ({ data: [thing], nextCursor: null })),
  );
  await gateway.answer(
    demo.deleteThing,
    noted(() => ({})),
  );
  await gateway.answer(
    demo.getShop,
    noted(({ tenantId }) => ({ tenantId })),
  );
  await gateway.answer(
    demo.countShops,
    noted(() => ({ count: 2 })),
  );
  await gateway.answer(
    demo.greet,
    noted(() => ({ greeting: 'hello' })),
  );
  await gateway.answer(demo.dawdle, () => new Promise((resolve) => setTimeout(() => resolve({}), 600)));
  await gateway.answer(demo.breakDown, () => {
    throw new Error('secret detail');
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  asked = undefined;
  gateway.replyHeaders = {};
});

function noted<I, O>(run: (input: I) => O): (input: I, caller: Caller) => O {
  return (input, caller) => {
    asked = { input, caller };
    return run(input);
  };
}

function refuse(code: 'agent_not_found' | 'version_mismatch'): never {
  throw new DomainError(code);
}

const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = (await response.json()) as { status: number; code: string; correlationId: string; issues?: { path: string }[] };
  expect(problem.status).toBe(response.status);
  expect(problem.correlationId).toBe(response.headers.get('x-request-id'));
  return problem;
};

describe('who may come in', () => {
  it('hands over principal, tenant and request id of an admitted caller', async () => {
    const response = await gateway.fetch(`/v1/things/${thingId}`, { key: keys.viewer, headers: { 'x-request-id': 'abc-1' } });

    expect(response.status).toBe(200);
    expect(response.headers.get('x-request-id')).toBe('abc-1');
    expect(asked?.caller).toMatchObject({
      tenantId: acme,
      principal: { type: 'key', id: gateway.owners.get(keys.viewer)?.keyId, roles: ['viewer'] },
      correlationId: 'abc-1',
    });
  });

  it.each([
    ['no credentials', undefined],
    ['another scheme', `Basic ${keys.admin}`],
    ['an empty bearer', 'Bearer '],
    ['a key with a space', `Bearer ${keys.admin} x`],
    ['a key that is none', 'Bearer nonsense'],
    ['a key that nobody has', `Bearer ${keys.unknown}`],
    ['a key in a wrong case', `Bearer ${keys.admin.toUpperCase()}`],
    ['an endless key', `Bearer s101_${'a'.repeat(5_000)}`],
    ['the beginning of the platform key', `Bearer ${platformKey.slice(0, -1)}`],
  ])('refuses %s as unauthenticated', async (_, authorization) => {
    const response = await gateway.fetch('/v1/things', { headers: authorization === undefined ? {} : { authorization } });

    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(asked).toBeUndefined();
  });

  it('does not take a key from the query', async () => {
    const response = await gateway.fetch(`/v1/things?access_token=${keys.admin}`);

    expect(response.status).toBe(401);
  });

  it('refuses the key of a tenant that is not active', async () => {
    const response = await gateway.fetch('/v1/things', { key: keys.suspended });

    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'tenant_inactive' });
  });

  it('refuses what the role does not allow before it reads the body', async () => {
    const response = await gateway.fetch('/v1/things', { method: 'POST', key: keys.viewer, body: '{{{' });

    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('serves a public contract without credentials', async () => {
    const response = await gateway.fetch('/v1/greeting');

    expect(await response.json()).toEqual({ greeting: 'hello' });
    expect(asked?.caller.principal).toEqual({ type: 'user', id: 'anonymous', roles: [] });
  });

  it.each([
    ['own tenant', acme, keys.viewer, 200],
    ['another tenant', globex, keys.viewer, 404],
    ['no tenant at all', 'ten_x', keys.viewer, 404],
    ['any tenant for the platform', globex, platformKey, 200],
    ['no tenant at all for the platform', 'ten_x', platformKey, 400],
  ])('answers a path that names %s', async (_, tenantId, key, status) => {
    const response = await gateway.fetch(`/v1/shops/${tenantId}`, { key });

    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(status === 404 ? { code: 'tenant_not_found' } : {});
    expect(asked?.caller.tenantId).toBe(status === 200 ? tenantId : undefined);
  });

  it.each([
    ['own tenant', acme, keys.viewer, 200],
    ['another tenant', globex, keys.viewer, 404],
    ['any tenant for the platform', globex, platformKey, 200],
    ['a wildcard for the platform', '*', platformKey, 404],
  ])('answers a header X-Tenant-Id that names %s', async (_, tenantId, key, status) => {
    const response = await gateway.fetch('/v1/things', { key, headers: { 'x-tenant-id': tenantId } });

    expect(response.status).toBe(status);
    expect(asked?.caller.tenantId).toBe(status === 200 ? tenantId : undefined);
  });

  it('lets the platform write for a tenant that there is, and only read for one that was deleted', async () => {
    const write = (tenantId: string) =>
      gateway.fetch('/v1/things', {
        method: 'POST',
        key: platformKey,
        headers: { 'x-tenant-id': tenantId },
        body: { name: 'x' },
      });
    const before = await write(globex);
    gateway.tenants.delete(globex);

    const [after, read] = [
      await write(globex),
      await gateway.fetch('/v1/things', { key: platformKey, headers: { 'x-tenant-id': globex } }),
    ];
    gateway.tenants.add(globex);

    expect([before.status, await problemOf(after), read.status]).toEqual([
      201,
      expect.objectContaining({ status: 404, code: 'tenant_not_found' }),
      200,
    ]);
  });

  it('asks the platform which tenant it means', async () => {
    const response = await gateway.fetch('/v1/things', { key: platformKey });

    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'tenant_required' });
  });

  it('keeps platform contracts to the platform', async () => {
    const [tenant, platform] = [
      await gateway.fetch('/v1/shops', { key: keys.admin }),
      await gateway.fetch('/v1/shops', { key: platformKey }),
    ];

    expect([tenant.status, platform.status]).toEqual([403, 200]);
  });
});

describe('how long a key is remembered', () => {
  it('asks once for many requests, and again at once after it was revoked', async () => {
    const key = 's101_remembered00000000000000000';
    const keyId = 'key_01jd5m6wz5f9r8x2k3c4v7b6n9' as const;
    gateway.owners.set(key, { tenantId: acme, roles: ['admin'], keyId });
    const before = gateway.lookUps;

    await Promise.all([1, 2, 3].map(() => gateway.fetch('/v1/things', { key })));
    await gateway.fetch('/v1/things', { key });
    const between = gateway.lookUps;
    gateway.owners.delete(key);
    await gateway.publish({ type: apiKeyRevoked.type, tenantid: acme, data: { tenantId: acme, keyId } });

    expect(between - before).toBe(1);
    await eventually(async () => expect((await gateway.fetch('/v1/things', { key })).status).toBe(401), 2_000);
  });

  it('forgets all keys of a suspended tenant at once', async () => {
    const before = gateway.lookUps;
    await gateway.fetch('/v1/things', { key: keys.globex });
    await gateway.publish({ type: tenantSuspended.type, tenantid: globex, data: {} });

    await eventually(async () => {
      await gateway.fetch('/v1/things', { key: keys.globex });
      expect(gateway.lookUps - before).toBeGreaterThanOrEqual(2);
    }, 2_000);
  });

  it('remembers for a second that nobody has a key', async () => {
    const key = 's101_guessed0000000000000000000';
    const before = gateway.lookUps;

    await gateway.fetch('/v1/things', { key });
    await gateway.fetch('/v1/things', { key });

    expect(gateway.lookUps - before).toBe(1);
  });
});

describe('what goes in', () => {
  it('reads query parameters by their type', async () => {
    const response = await gateway.fetch('/v1/things?limit=7&archived=true&kinds=a,b&q=12', { key: keys.viewer });

    expect(response.status).toBe(200);
    expect(asked?.input).toEqual({ limit: 7, archived: true, kinds: ['a', 'b'], q: '12' });
  });

  it.each([
    ['an unknown one', '?limti=7', '/limti'],
    ['one that comes twice', '?limit=7&limit=8', '/limit'],
    ['brackets', '?kinds[]=a', '/kinds[]'],
    ['a wrong type', '?limit=seven', '/limit'],
    ['an empty number', '?limit=', '/limit'],
    ['a hexadecimal number', '?limit=0x10', '/limit'],
    ['a value out of range', '?limit=1000', '/limit'],
    ['a boolean that is none', '?archived=yes', '/archived'],
    ['a value that is not in the list', '?kinds=a,c', '/kinds/1'],
    ['a NUL character', '?q=a%00b', '/q'],
    ['a prototype', '?__proto__=1', '/__proto__'],
  ])('refuses %s in the query by name', async (_, query, path) => {
    const response = await gateway.fetch(`/v1/things${query}`, { key: keys.viewer });

    expect(await problemOf(response)).toMatchObject({
      status: 400,
      code: 'validation_failed',
      issues: [expect.objectContaining({ path })],
    });
  });

  it.each([
    ['an unknown field', { name: 'x', nmae: 'y' }, '/nmae'],
    ['an unknown field further in', { name: 'x', owner: { nmae: 'y' } }, '/owner/nmae'],
    ['a missing field', {}, '/name'],
    ['a wrong type', { name: 1 }, '/name'],
    ['what comes from a header only', { name: 'x', waitSeconds: 1 }, '/waitSeconds'],
    ['a list', [], ''],
    ['null', null, ''],
    ['text', '"x"', ''],
  ])('refuses a body with %s by name', async (_, body, path) => {
    const response = await gateway.fetch('/v1/things', { method: 'POST', key: keys.admin, body: body === null ? 'null' : body });

    const { issues, ...problem } = await problemOf(response);
    expect(problem).toMatchObject({ status: 400, code: 'validation_failed' });
    expect(issues?.[0]).toMatchObject({ path });
    expect(asked).toBeUndefined();
  });

  it('takes the wait from Prefer and the expected version from If-Match', async () => {
    await gateway.fetch('/v1/things', {
      method: 'POST',
      key: keys.admin,
      headers: { prefer: 'respond-async, wait=12' },
      body: { name: 'x' },
    });
    const created = asked?.input;
    await gateway.fetch(`/v1/things/${thingId}`, {
      method: 'PATCH',
      key: keys.admin,
      headers: { 'if-match': 'W/"5"' },
      body: {},
    });

    expect(created).toEqual({ name: 'x', waitSeconds: 12 });
    expect(asked?.input).toEqual({ thingId, expectedVersion: 5 });
  });

  it.each(['5', '"5", "6"', '"abc"'])('refuses If-Match: %s', async (match) => {
    const response = await gateway.fetch(`/v1/things/${thingId}`, {
      method: 'PATCH',
      key: keys.admin,
      headers: { 'if-match': match },
      body: {},
    });

    expect(await problemOf(response)).toMatchObject({ status: 400, issues: [{ path: '/expectedVersion' }] });
  });

  it('passes the idempotency key on, and refuses one that is not usable', async () => {
    await gateway.fetch('/v1/things', {
      method: 'POST',
      key: keys.admin,
      headers: { 'idempotency-key': 'k-1' },
      body: { name: 'x' },
    });
    const passed = asked?.caller.idempotencyKey;
    const response = await gateway.fetch('/v1/things', {
      method: 'POST',
      key: keys.admin,
      headers: { 'idempotency-key': 'x'.repeat(256) },
      body: { name: 'x' },
    });

    expect(passed).toBe('k-1');
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  it('refuses an id of another kind in the path', async () => {
    const response = await gateway.fetch('/v1/things/run_01jd5m6wz5f9r8x2k3c4v7b6n1', { key: keys.viewer });

    expect(await problemOf(response)).toMatchObject({ status: 400, issues: [{ path: '/thingId' }] });
  });
});

describe('what comes out', () => {
  it('sends status, location and replay mark', async () => {
    gateway.replyHeaders = { 'idempotency-replayed': 'true', secret: 'x' };

    const created = await gateway.fetch('/v1/things', { method: 'POST', key: keys.admin, body: { name: 'anvil' } });
    const accepted = await gateway.fetch('/v1/things', { method: 'POST', key: keys.admin, body: { name: 'later' } });

    expect([created.status, accepted.status]).toEqual([201, 202]);
    expect(created.headers.get('location')).toBe(`/v1/things/${thingId}`);
    expect(created.headers.get('idempotency-replayed')).toBe('true');
    expect(created.headers.get('secret')).toBeNull();
    expect(created.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it('sends the version as ETag, and 412 when it was another', async () => {
    const read = await gateway.fetch(`/v1/things/${thingId}`, { key: keys.viewer });
    const lost = await gateway.fetch(`/v1/things/${thingId}`, {
      method: 'PATCH',
      key: keys.admin,
      headers: { 'if-match': '"2"' },
      body: {},
    });

    expect(read.headers.get('etag')).toBe('"3"');
    expect(await problemOf(lost)).toMatchObject({ status: 412, code: 'version_mismatch' });
  });

  it('sends nothing with 204', async () => {
    const response = await gateway.fetch(`/v1/things/${thingId}?force=true`, { method: 'DELETE', key: keys.admin });

    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(asked?.input).toEqual({ thingId, force: true });
  });

  it('answers HEAD like GET without the body', async () => {
    const response = await gateway.fetch(`/v1/things/${thingId}`, { method: 'HEAD', key: keys.viewer });

    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('etag')).toBe('"3"');
  });

  it('sends a service’s refusal as a problem', async () => {
    const response = await gateway.fetch('/v1/things/agt_01jd5m6wz5f9r8x2k3c4v7b6n9', { key: keys.viewer });

    expect(await problemOf(response)).toMatchObject({ status: 404, code: 'agent_not_found' });
  });

  it.each([
    ['a service that is not there', 'GET', '/v1/nobody', 503, 'service_unavailable'],
    ['a service that is too slow', 'GET', '/v1/late', 504, 'deadline_exceeded'],
    ['a service that breaks', 'POST', '/v1/broken', 500, 'internal'],
  ])('sends a problem for %s', async (_, method, path, status, code) => {
    const response = await gateway.fetch(path, { method });

    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status, code });
    expect(JSON.stringify(problem)).not.toContain('secret detail');
  });

  it('carries the caller’s trace on and back', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

    const response = await gateway.fetch('/v1/greeting', { headers: { traceparent } });

    expect(asked?.caller.traceparent).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(response.headers.get('traceparent')).toContain('0af7651916cd43dd8448eb211c80319c');
  });

  it('makes up a request id instead of one that could do harm', async () => {
    const response = await gateway.fetch('/v1/greeting', { headers: { 'x-request-id': 'a b<script>' } });

    expect(response.headers.get('x-request-id')).toMatch(/^cor_[0-9a-z]{26}$/);
  });

  it('protects browsers, and opens nothing to other origins', async () => {
    const response = await gateway.fetch('/v1/greeting', { headers: { origin: 'https://evil.example' } });

    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(
      [...response.headers.keys()].filter(
        (name) => name.startsWith('access-control') || name === 'x-powered-by' || name === 'server',
      ),
    ).toEqual([]);
  });
});
