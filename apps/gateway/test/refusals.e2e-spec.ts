import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '@support101/contracts';
import { eventually } from '@support101/testing';
import * as demo from './demo-contracts.js';
import { acme, GatewayFixture, globex, keys, platformKey, thingId } from './gateway-fixture.js';

let gateway: GatewayFixture;

beforeAll(async () => {
  gateway = await GatewayFixture.start();
  await gateway.answer(demo.listThings, () => ({ data: [], nextCursor: null }));
  await gateway.answer(demo.getShop, ({ tenantId }) => ({ tenantId }));
  await gateway.answer(demo.getThing, () => {
    throw new DomainError('forbidden', 'Not this thing.');
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.audited.length = 0;
  gateway.maxRequestsPerMinute = 100_000;
});

const viewer = () => ({ type: 'key', id: gateway.owners.get(keys.viewer)?.keyId });
const entries = (count: number) =>
  eventually(() => {
    expect(gateway.audited).toHaveLength(count);
    return gateway.audited;
  }, 5_000);

describe('the audit is told', () => {
  it('once of many requests that the role does not allow', async () => {
    const headers = { 'x-request-id': 'abc-1' };
    await Promise.all([1, 2, 3].map(() => gateway.fetch('/v1/things', { method: 'POST', key: keys.viewer, headers, body: {} })));

    expect(await entries(1)).toMatchObject([
      {
        tenantId: acme,
        eventType: 'security_violation',
        action: 'gateway.requests.refused',
        resource: 'operation:demo.things.create.v1',
        outcome: 'forbidden',
        principal: viewer(),
        correlationId: 'abc-1',
        details: { count: 3 },
      },
    ]);
  });

  it('when a service refuses', async () => {
    const response = await gateway.fetch(`/v1/things/${thingId}`, { key: keys.viewer });

    expect(response.status).toBe(403);
    expect(await entries(1)).toMatchObject([{ resource: 'operation:demo.things.get.v1', outcome: 'forbidden' }]);
  });

  it('when another tenant is asked for, on the asker’s own audit', async () => {
    await gateway.fetch(`/v1/shops/${globex}`, { key: keys.viewer });

    expect(await entries(1)).toMatchObject([
      { tenantId: acme, outcome: 'tenant_not_found', principal: viewer(), details: { namedTenantId: globex } },
    ]);
  });

  it('of a change that could not be read, and not of a question', async () => {
    await gateway.fetch('/v1/things?colour=red', { key: keys.viewer });
    const change = await gateway.fetch('/v1/things', { method: 'POST', key: keys.admin, body: { surprise: 1 } });

    expect(change.status).toBe(400);
    expect(await entries(1)).toMatchObject([
      { tenantId: acme, eventType: 'data_modified', outcome: 'validation_failed', resource: 'operation:demo.things.create.v1' },
    ]);
  });

  it('does not repeat a name that is no tenant’s', async () => {
    await gateway.fetch('/v1/things', { key: keys.viewer, headers: { 'x-tenant-id': '<script>' } });

    const [entry] = await entries(1);
    expect(JSON.stringify(entry)).not.toContain('script');
  });

  it.each([
    ['X-Tenant-Id', '/v1/things', { 'x-tenant-id': globex }],
    ['the path', `/v1/shops/${globex}`, {}],
  ])('when the platform names a tenant in %s', async (_, path, headers) => {
    await gateway.fetch(path, { key: platformKey, headers: { ...headers } });

    expect(await entries(1)).toMatchObject([
      {
        tenantId: globex,
        eventType: 'data_accessed',
        action: 'gateway.tenants.named',
        resource: `tenant:${globex}`,
        outcome: 'success',
        principal: { type: 'platform', id: 'platform' },
      },
    ]);
  });

  it('nothing of those whose tenant nobody vouches for', async () => {
    await gateway.fetch(`/v1/shops/${acme}`, { key: keys.unknown });
    await gateway.fetch(`/v1/shops/${acme}`);
    await gateway.fetch('/v1/things', { method: 'POST', key: keys.viewer, body: {} });

    expect(await entries(1)).toMatchObject([{ outcome: 'forbidden' }]);
  });

  it('when a tenant asks too often, and at the latest when the gateway closes', async () => {
    const closing = await GatewayFixture.start();
    closing.maxRequestsPerMinute = 1;
    await closing.answer(demo.listThings, () => ({ data: [], nextCursor: null }));
    for (let n = 0; n < 4; n += 1) await closing.fetch('/v1/things', { key: keys.viewer });
    await closing.close();

    const recorded = closing.audited.map(({ eventType, outcome, details }) => [eventType, outcome, details['count']]);
    expect(recorded).toEqual([['rate_limit_exceeded', 'rate_limited', 3]]);
  });
});
