import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Rpc } from '@support101/contracts';
import { registry } from '@support101/contracts/all';
import { GatewayFixture, globex, keys, thingId } from './gateway-fixture.js';

// Every contract of ours that has a route, without its service: nobody gets as far as that who may not.
const routed = registry.rpcs.flatMap((contract) =>
  contract.http === undefined ? [] : [[contract.subject, contract, contract.http] as const],
);
const guarded = routed.filter(([, { access }]) => 'resource' in access);
const inPath = (contract: Rpc) => 'resource' in contract.access && contract.access.tenant === 'path';

let gateway: GatewayFixture;
beforeAll(async () => {
  gateway = await GatewayFixture.start({}, registry);
});
afterAll(() => gateway.close());

const call = async ({ method, path }: NonNullable<Rpc['http']>, key?: string) => {
  const filled = path.replaceAll('{tenantId}', globex).replaceAll(/\{[a-zA-Z]+\}/g, thingId);
  const response = await gateway.fetch(filled, { method, ...(key === undefined ? {} : { key }) });
  return { status: response.status, code: ((await response.json()) as { code?: string }).code };
};

describe('every route of ours', () => {
  it('is there', () => {
    expect(guarded.length).toBeGreaterThan(20);
  });

  it.each(guarded)('%s refuses strangers', async (_, __, http) => {
    expect(await call(http)).toEqual({ status: 401, code: 'unauthenticated' });
  });

  it.each(guarded.filter(([, contract]) => inPath(contract)))('%s knows no other tenant', async (_, __, http) => {
    expect(await call(http, keys.admin)).toEqual({ status: 404, code: 'tenant_not_found' });
  });

  it.each(guarded.filter(([, { access }]) => 'resource' in access && access.tenant === 'platform'))(
    '%s is for the platform',
    async (_, __, http) => {
      expect(await call(http, keys.admin)).toEqual({ status: 403, code: 'forbidden' });
    },
  );

  it.each(
    guarded.filter(([, contract]) => 'resource' in contract.access && contract.access.level !== 'read' && !inPath(contract)),
  )('%s is not for viewers', async (_, __, http) => {
    expect(await call(http, keys.viewer)).toEqual({ status: 403, code: 'forbidden' });
  });
});
