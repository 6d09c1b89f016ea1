import { describe, expect, it } from '@jest/globals';
import { type AccessLevel, accessLevels, builtInRole, isGranted, type PermissionGrant } from '@support101/contracts';
import fc from 'fast-check';
import { decide, findingRole, grantsAt, type Holdings, mayGive } from './decisions.rules.js';

const at = new Date('2026-11-22T12:00:00Z');
const [past, future, later] = ['2026-11-22T11:00:00.000Z', '2026-11-22T13:00:00.000Z', '2026-11-22T14:00:00.000Z'];
const nothing: Holdings = { credential: undefined, roles: [], grants: [] };
const asked = { resource: 'hitl:requests', level: 'read', at, isKey: true } as const;

describe('decide', () => {
  it.each([
    ['a key that is not there', nothing, false, 'the tenant has no such API key'],
    [
      'a key that ended',
      { ...nothing, credential: { roles: ['admin'], endsAt: at } },
      false,
      `the API key ended at ${at.toISOString()}`,
    ],
    [
      'a key',
      { ...nothing, credential: { roles: ['admin'], endsAt: new Date(future) } },
      true,
      'the role admin grants admin on *',
    ],
    [
      'a key with an assigned role',
      { ...nothing, credential: { roles: [], endsAt: null }, roles: ['reviewer'] },
      true,
      'the role reviewer grants execute on hitl:requests',
    ],
  ])('for %s', (_, holdings, allowed, because) => {
    expect(decide(holdings, builtInRole, asked)).toEqual({ allowed, because });
  });

  it('asks no key of a principal that is none', () => {
    expect(decide({ ...nothing, roles: ['viewer'] }, builtInRole, { ...asked, isKey: false }).allowed).toBe(true);
  });
});

describe('findingRole', () => {
  it('finds built-in roles first, so that none can be taken over', () => {
    const own = { name: 'viewer', description: '', permissions: [{ resource: '*', level: 'admin' as const }], inheritsFrom: [] };

    expect(findingRole([own])('viewer')).toEqual(builtInRole('viewer'));
    expect(findingRole([{ ...own, name: 'own' }])('own')).toMatchObject({ name: 'own' });
    expect(findingRole([])('own')).toBeUndefined();
  });
});

describe('grantsAt', () => {
  it('leaves out what has expired', () => {
    const grants: PermissionGrant[] = [
      { resource: 'a:b', level: 'read', expiresAt: past },
      { resource: 'c:d', level: 'read', expiresAt: at.toISOString() },
      { resource: 'e:f', level: 'read', expiresAt: future },
    ];

    expect(grantsAt({ grants, roles: [] }, builtInRole, at)).toEqual(grants.slice(2));
  });
});

describe('mayGive', () => {
  const viewer: PermissionGrant = { resource: '*', level: 'read', except: ['tenancy:api-keys'] };

  it.each([
    [{ resource: '*', level: 'admin' }, { resource: 'hitl:*', level: 'admin' }, true],
    [{ resource: 'hitl:*', level: 'admin' }, { resource: '*', level: 'read' }, false],
    [{ resource: 'hitl:*', level: 'read' }, { resource: 'hitl:requests', level: 'execute' }, false],
    [viewer, viewer, true],
    [viewer, { resource: '*', level: 'read' }, false],
    [viewer, { resource: '*', level: 'read', except: ['tenancy:*'] }, true],
    [viewer, { resource: 'tenancy:api-keys', level: 'read' }, false],
    [viewer, { resource: 'hitl:*', level: 'read' }, true],
    [{ resource: '*', level: 'read', expiresAt: future }, { resource: '*', level: 'read' }, false],
    [{ resource: '*', level: 'read', expiresAt: future }, { resource: '*', level: 'read', expiresAt: later }, false],
    [{ resource: '*', level: 'read', expiresAt: later }, { resource: '*', level: 'read', expiresAt: future }, true],
  ] as [PermissionGrant, PermissionGrant, boolean][])('of %j the grant %j: %s', (held, wanted, expected) => {
    expect(mayGive([held], wanted)).toBe(expected);
  });

  it('never gives what the giver may not do', () => {
    const resource = fc.constantFrom('*', 'hitl:*', 'hitl:requests', 'tenancy:*', 'tenancy:api-keys');
    const level = fc.constantFrom(...accessLevels);
    const expiresAt = fc.constantFrom(past, future, later);
    const grant = fc.record(
      { resource, level, except: fc.array(resource, { maxLength: 2 }), expiresAt },
      { requiredKeys: ['resource', 'level'] },
    );

    const reaches = (grants: readonly PermissionGrant[], on: string, to: AccessLevel) =>
      [at, new Date(future), new Date(later)].map((moment) => isGranted(grants, on, to, moment));

    fc.assert(
      fc.property(fc.array(grant, { maxLength: 3 }), grant, resource, level, (held, wanted, on, to) => {
        fc.pre(mayGive(held, wanted));

        const given = reaches([wanted], on, to);

        const own = reaches(held, on, to);
        expect(given.map((allowed, index) => !allowed || own[index])).toEqual([true, true, true]);
      }),
      { numRuns: 2_000 },
    );
  });
});
