import { describe, expect, it } from '@jest/globals';
import { builtInRole, type PermissionGrant } from '@support101/contracts';
import { decide, findingRole, grantsAt, type Holdings, inheritable } from './decisions.rules.js';

const at = new Date('2026-11-22T12:00:00Z');
const [past, future] = ['2026-11-22T11:00:00.000Z', '2026-11-22T13:00:00.000Z'];
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

describe('inheritable', () => {
  const narrow: PermissionGrant = { resource: 'hitl:requests', level: 'execute' };
  const wide: PermissionGrant = { resource: 'tenancy:*', level: 'admin' };
  const held = { roles: ['viewer', 'admin', 'gone'], grants: [narrow, wide] };

  it.each([
    ['all', [{ resource: '*', level: 'admin' }], { ...held, roles: ['viewer', 'admin'] }],
    ['what lies within it', [{ resource: 'hitl:*', level: 'admin' }], { roles: [], grants: [narrow] }],
    ['nothing', [], { roles: [], grants: [] }],
  ] as [string, PermissionGrant[], Pick<Holdings, 'roles' | 'grants'>][])('is %s for a giver with %j', (_, giver, expected) => {
    expect(inheritable(held, builtInRole, giver)).toEqual(expected);
  });
});
