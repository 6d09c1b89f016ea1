import { describe, expect, it } from '@jest/globals';
import { builtInRoles, type Access, type Principal, type TenantId } from '@support101/contracts';
import { decide, isGranted } from './authorization.rules.js';

const acme = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1' as TenantId;
const globex = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n2' as TenantId;
const principal = (type: Principal['type'], ...roles: string[]): Principal => ({ type, id: 'x', roles });
const platform = { principal: principal('platform') };
const member = (...roles: string[]) => ({ tenantId: acme, principal: principal('key', ...roles) });
const access = (resource: string, level: 'read' | 'execute' | 'admin', tenant?: 'caller' | 'path' | 'platform'): Access => ({
  resource,
  level,
  ...(tenant === undefined ? {} : { tenant }),
});

describe('roles', () => {
  it.each([
    ['viewer', 'agent-runtime:runs', 'read', true],
    ['viewer', 'agent-runtime:runs', 'execute', false],
    ['viewer', 'tenancy:api-keys', 'read', false],
    ['viewer', 'something:new', 'read', true],
    ['reviewer', 'hitl:requests', 'execute', true],
    ['reviewer', 'hitl:requests', 'admin', false],
    ['reviewer', 'learning:knowledge', 'read', true],
    ['reviewer', 'learning:knowledge', 'execute', false],
    ['reviewer', 'tenancy:api-keys', 'read', false],
    ['operator', 'agent-runtime:agents', 'execute', true],
    ['operator', 'agent-runtime:runs', 'execute', true],
    ['operator', 'learning:knowledge', 'execute', true],
    ['operator', 'hitl:requests', 'execute', true],
    ['operator', 'agent-runtime:agents', 'admin', false],
    ['operator', 'tenancy:tenants', 'execute', false],
    ['operator', 'governance:roles', 'execute', false],
    ['operator', 'tenancy:api-keys', 'read', false],
    ['admin', 'tenancy:api-keys', 'admin', true],
    ['admin', 'something:new', 'admin', true],
  ] as const)('%s on %s: %s is %s', (role, resource, level, expected) => {
    expect(isGranted([role], resource, level)).toBe(expected);
  });

  it.each([[[]], [['root']], [['__proto__']], [['constructor']], [['ADMIN']]])('grant nothing to %j', (roles) => {
    expect(isGranted(roles, 'agent-runtime:runs', 'read')).toBe(false);
  });

  it('add up', () => {
    expect(isGranted(['viewer', 'reviewer'], 'hitl:requests', 'execute')).toBe(true);
  });

  it('each include what they grant at a lower level', () => {
    for (const role of builtInRoles) {
      for (const resource of ['agent-runtime:runs', 'hitl:requests', 'tenancy:api-keys', 'learning:knowledge']) {
        const [read, execute, admin] = (['read', 'execute', 'admin'] as const).map((level) => isGranted([role], resource, level));
        expect([!admin || execute, !execute || read]).toEqual([true, true]);
      }
    }
  });
});

describe('decide', () => {
  it('lets anybody use a public contract and nobody an internal one', () => {
    expect(decide({ public: true }, { principal: principal('user') }, {})).toEqual({ tenantId: undefined });
    expect(decide({ internal: true }, platform, {})).toEqual({ refused: 'forbidden' });
    expect(decide({ internal: true }, member('admin'), {})).toEqual({ refused: 'forbidden' });
  });

  it.each([
    ['own tenant', member('viewer'), {}, { tenantId: acme }],
    ['own tenant, named again', member('viewer'), { header: acme }, { tenantId: acme }],
    ['another tenant named', member('admin'), { header: globex }, { refused: 'tenant_not_found' }],
    ['no role, but grants perhaps', member(), {}, { wanted: { tenantId: acme, resource: 'agent-runtime:runs', level: 'read' } }],
    ['no tenant', { principal: principal('key', 'admin') }, {}, { refused: 'tenant_required' }],
    ['platform without a tenant', platform, {}, { refused: 'tenant_required' }],
    ['platform for a tenant', platform, { header: globex }, { tenantId: globex }],
    ['platform for nonsense', platform, { header: '*' }, { refused: 'tenant_not_found' }],
  ] as const)('for the caller’s tenant: %s', (_, asker, named, expected) => {
    expect(decide(access('agent-runtime:runs', 'read'), asker, named)).toEqual(expected);
  });

  it('lets the platform write for a tenant if there is such a tenant, and read also what is left of one', () => {
    const decided = (['read', 'execute', 'admin'] as const).map((level) =>
      decide(access('learning:knowledge', level), platform, { header: globex }),
    );

    expect(decided).toEqual([{ tenantId: globex }, { ifThereIs: globex }, { ifThereIs: globex }]);
  });

  it.each([
    ['own tenant', member('viewer'), { path: acme }, { tenantId: acme }],
    ['another tenant', member('admin'), { path: globex }, { refused: 'tenant_not_found' }],
    ['another tenant without any role', member(), { path: globex }, { refused: 'tenant_not_found' }],
    ['own tenant in another case', member('admin'), { path: acme.toUpperCase() }, { refused: 'tenant_not_found' }],
    ['own tenant, other header', member('admin'), { path: acme, header: globex }, { refused: 'tenant_not_found' }],
    ['platform', platform, { path: globex }, { tenantId: globex }],
    ['platform with the same header', platform, { path: globex, header: globex }, { tenantId: globex }],
    ['platform with another header', platform, { path: globex, header: acme }, { refused: 'tenant_not_found' }],
    ['platform with nonsense, which reading refuses', platform, { path: 'x' }, { tenantId: undefined }],
  ] as const)('for the tenant in the path: %s', (_, asker, named, expected) => {
    expect(decide(access('tenancy:tenants', 'read', 'path'), asker, named)).toEqual(expected);
  });

  it('keeps platform contracts to the platform, whatever the role', () => {
    const contract = access('tenancy:tenants', 'admin', 'platform');

    expect(decide(contract, platform, {})).toEqual({ tenantId: undefined });
    expect(decide(contract, member('admin'), { path: acme })).toEqual({ refused: 'forbidden' });
  });
});
