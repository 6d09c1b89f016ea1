import { describe, expect, it } from '@jest/globals';
import type { Access, Caller, Principal } from '@support101/contracts';
import { callerFor } from './tenant-rules.js';
import { acme, globex } from './transport.conformance-spec.js';

const caller = (type: Principal['type'], tenantId?: typeof acme): Caller => ({
  principal: { type, id: 'someone', roles: [] },
  correlationId: 'cor_1',
  ...(tenantId === undefined ? {} : { tenantId }),
});
const read = { resource: 'demo:things', level: 'read' } as const;
const path: Access = { ...read, tenant: 'path' };

describe('callerFor', () => {
  it('lets everybody call what is public or internal', () => {
    expect(callerFor({ public: true }, {}, caller('key'))).toEqual(caller('key'));
    expect(callerFor({ internal: true }, {}, caller('user'))).toEqual(caller('user'));
  });

  it('demands a tenant for what is about the caller’s own', () => {
    expect(callerFor(read, {}, caller('key', acme))).toEqual(caller('key', acme));
    expect(() => callerFor(read, {}, caller('platform'))).toThrow('tenant_required');
  });

  it('hides other tenants from everyone but the platform and our services', () => {
    for (const type of ['key', 'user', 'agent'] as const) {
      expect(() => callerFor(path, { tenantId: globex }, caller(type, acme))).toThrow('tenant_not_found');
      expect(() => callerFor(path, { tenantId: globex }, caller(type))).toThrow('tenant_not_found');
    }
    expect(callerFor(path, { tenantId: globex }, caller('platform', acme)).tenantId).toBe(globex);
    expect(callerFor(path, { tenantId: globex }, caller('service')).tenantId).toBe(globex);
    expect(() => callerFor(path, { tenantId: globex }, caller('service', acme))).toThrow('tenant_not_found');
  });

  it('leaves what is about no tenant to the platform and our services', () => {
    const platform: Access = { ...read, tenant: 'platform' };

    expect(callerFor(platform, {}, caller('platform'))).toEqual(caller('platform'));
    expect(callerFor(platform, {}, caller('service'))).toEqual(caller('service'));
    for (const type of ['key', 'user', 'agent'] as const) {
      expect(() => callerFor(platform, {}, caller(type, acme))).toThrow('forbidden');
    }
  });
});
