import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '@support101/contracts';
import { permissionRevoked, type Grant } from '@support101/contracts/governance';
import { eventually } from '@support101/testing';
import * as demo from './demo-contracts.js';
import { acme, GatewayFixture, globex, keys, platformKey, thingId } from './gateway-fixture.js';

const mayAdminister: Grant = { resource: 'demo:things', level: 'admin' };

let gateway: GatewayFixture;

beforeAll(async () => {
  gateway = await GatewayFixture.start();
  await gateway.answer(demo.createThing, ({ name }) => ({ thingId, name, version: 1 }));
  await gateway.answer(demo.listThings, () => ({ data: [], nextCursor: null }));
  await gateway.answer(demo.getShop, ({ tenantId }) => ({ tenantId }));
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.grantLookUps = 0;
  gateway.grantsOf = () => [];
});

let made = 0;
/** A key of its own for each test, so that nothing is remembered of it. */
function freshKey(roles: ('viewer' | 'admin')[] = ['viewer']): { key: string; keyId: string } {
  made += 1;
  const [key, keyId] = [
    `s101_fresh${made}00000000000000000`,
    `key_01jd5m6wz5f9r8x2k3c4v7c${String(made).padStart(3, '0')}`,
  ] as const;
  gateway.owners.set(key, { tenantId: acme, roles, keyId });
  return { key, keyId };
}
const create = (key: string) => gateway.fetch('/v1/things', { method: 'POST', key, body: { name: 'anvil' } });

describe('what governance keeps', () => {
  it('lets a principal do what it was granted beyond its roles', async () => {
    const { key, keyId } = freshKey();
    gateway.grantsOf = (principalId) => (principalId === keyId ? [mayAdminister] : []);

    const [granted, other] = [await create(key), await create(keys.viewer)];

    expect([granted.status, other.status]).toEqual([201, 403]);
  });

  it('is asked once for many requests, whether it grants or not', async () => {
    const { key } = freshKey();

    await Promise.all([create(key), create(key)]);
    await create(key);

    expect(gateway.grantLookUps).toBe(1);
  });

  it('is not asked for what the built-in roles give', async () => {
    const { key } = freshKey(['admin']);

    const statuses = [(await create(key)).status, (await gateway.fetch('/v1/things', { key })).status];

    expect([statuses, gateway.grantLookUps]).toEqual([[201, 200], 0]);
  });

  it('does not open another tenant, nor what is the platform’s', async () => {
    const { key } = freshKey();
    gateway.grantsOf = () => [{ resource: '*', level: 'admin' }];

    const statuses = [
      (await gateway.fetch(`/v1/shops/${globex}`, { key })).status,
      (await gateway.fetch('/v1/things', { key, headers: { 'x-tenant-id': globex } })).status,
      (await gateway.fetch('/v1/shops', { key })).status,
    ];

    expect(statuses).toEqual([404, 404, 403]);
  });

  it('does not count once it has expired', async () => {
    const { key } = freshKey();
    const until = new Date(Date.now() + 1_500).toISOString();
    gateway.grantsOf = () => [{ ...mayAdminister, expiresAt: until }];

    const before = (await create(key)).status;

    expect(before).toBe(201);
    await eventually(async () => expect((await create(key)).status).toBe(403), 4_000);
    expect(gateway.grantLookUps).toBe(1);
  });

  it('is forgotten at once when it is revoked', async () => {
    const { key, keyId } = freshKey();
    gateway.grantsOf = () => [mayAdminister];
    const before = (await create(key)).status;

    gateway.grantsOf = () => [];
    await gateway.publish({
      type: permissionRevoked.type,
      tenantid: acme,
      data: { principalId: keyId, resource: mayAdminister.resource },
    });

    expect(before).toBe(201);
    await eventually(async () => expect((await create(key)).status).toBe(403), 2_000);
  });
});

describe('while governance is away', () => {
  beforeEach(() => {
    gateway.grantsOf = () => {
      throw new DomainError('service_unavailable');
    };
  });

  it('built-in roles and the platform go on', async () => {
    const { key } = freshKey(['admin']);

    const platform = await gateway.fetch(`/v1/shops/${acme}`, { key: platformKey });

    expect([(await create(key)).status, platform.status]).toEqual([201, 200]);
  });

  it('what the roles do not give is neither allowed nor denied', async () => {
    const { key } = freshKey();

    const response = await create(key);

    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toMatchObject({ code: 'service_unavailable' });
  });
});
