import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AccessLevel, accessLevels, builtInRoles } from './access.js';
import {
  builtInRole,
  covers,
  effectiveGrants,
  explainPermission,
  isGranted,
  mayGive,
  reachedRoles,
  type PermissionGrant,
  type RoleDefinition,
} from './permission.js';

const now = new Date('2026-11-22T12:00:00Z');
const past = '2026-11-22T12:00:00.000Z';
const future = '2026-11-22T12:00:00.001Z';
const later = '2026-11-22T12:00:00.002Z';
const role = (name: string, inheritsFrom: string[] = [], ...permissions: PermissionGrant[]): RoleDefinition => ({
  name,
  description: '',
  permissions,
  inheritsFrom,
});
const finding = (...roles: RoleDefinition[]) => {
  const byName = new Map(roles.map((each) => [each.name, each]));
  return (name: string) => byName.get(name) ?? builtInRole(name);
};

describe('covers', () => {
  it.each([
    ['*', 'hitl:requests', true],
    ['*', 'hitl:*', true],
    ['*', '*', true],
    ['hitl:*', 'hitl:requests', true],
    ['hitl:*', 'hitl:*', true],
    ['hitl:*', '*', false],
    ['hitl:*', 'hitlx:requests', false],
    ['hitl:requests', 'hitl:requests', true],
    ['hitl:requests', 'hitl:requests2', false],
    ['hitl:requests', 'hitl:*', false],
  ])('%s over %s is %s', (pattern, resource, expected) => {
    expect(covers(pattern, resource)).toBe(expected);
  });
});

describe('isGranted', () => {
  it.each([
    ['the level itself', { resource: 'hitl:requests', level: 'execute' }, true],
    ['a higher level', { resource: 'hitl:*', level: 'admin' }, true],
    ['a lower level', { resource: '*', level: 'read' }, false],
    ['another resource', { resource: 'hitl:reviewers', level: 'admin' }, false],
    ['a grant that is still valid', { resource: '*', level: 'admin', expiresAt: future }, true],
    ['a grant that has just expired', { resource: '*', level: 'admin', expiresAt: past }, false],
    ['a grant that excepts it', { resource: '*', level: 'admin', except: ['hitl:*'] }, false],
    ['a grant that excepts something else', { resource: '*', level: 'admin', except: ['tenancy:api-keys'] }, true],
  ] as const)('with %s: %j is %s', (_, grant, expected) => {
    expect(isGranted([grant], 'hitl:requests', 'execute', now)).toBe(expected);
  });

  it('gives a pattern only where no exception cuts into it', () => {
    const viewer: PermissionGrant[] = [{ resource: '*', level: 'read', except: ['tenancy:api-keys'] }];

    expect(isGranted(viewer, 'hitl:*', 'read', now)).toBe(true);
    expect(isGranted(viewer, 'tenancy:*', 'read', now)).toBe(false);
    expect(isGranted(viewer, '*', 'read', now)).toBe(false);
  });
});

describe('reachedRoles', () => {
  it('are the roles and all they inherit from, each once, by the first way', () => {
    const find = finding(role('lead', ['reviewer', 'operator']), role('boss', ['lead', 'viewer']));

    expect(reachedRoles(['boss', 'nobody', 'viewer'], find).map(({ path }) => path.join('>'))).toEqual([
      'boss',
      'boss>lead',
      'boss>lead>reviewer',
      'boss>lead>reviewer>viewer',
      'boss>lead>operator',
    ]);
  });

  it('end, whatever inherits from whatever', () => {
    const names = ['a', 'b', 'c', 'd'];
    const parents = fc.array(fc.array(fc.constantFrom(...names), { maxLength: 4 }), { minLength: 4, maxLength: 4 });

    fc.assert(
      fc.property(parents, fc.subarray(names), (lists, held) => {
        const find = finding(...names.map((name, index) => role(name, lists[index])));

        const reached = reachedRoles(held, find).map((each) => each.role.name);

        expect(new Set(reached).size).toBe(reached.length);
        expect(reached).toEqual(expect.arrayContaining(held));
      }),
    );
  });
});

describe('explainPermission', () => {
  const find = finding(
    role('lead', ['reviewer']),
    role('auditor', [], { resource: 'governance:audit', level: 'read', expiresAt: past }),
  );
  const explain = (roles: string[], grants: PermissionGrant[], resource: string, level: 'read' | 'execute' | 'admin') =>
    explainPermission({ roles, grants }, find, { resource, level, at: now });

  it.each([
    [['operator'], [], 'hitl:requests', 'execute', true, 'the role operator grants execute on hitl:*'],
    [
      ['lead'],
      [],
      'learning:knowledge',
      'read',
      true,
      'the role lead, which inherits reviewer, which inherits viewer, grants read on * except tenancy:api-keys',
    ],
    [
      [],
      [{ resource: 'hitl:*', level: 'execute', expiresAt: future }],
      'hitl:requests',
      'execute',
      true,
      `the principal was granted execute on hitl:* until ${future}`,
    ],
    [
      ['lead'],
      [],
      'hitl:requests',
      'admin',
      false,
      'admin is needed, but the role lead, which inherits reviewer, grants execute on hitl:requests',
    ],
    [
      ['viewer'],
      [{ resource: 'hitl:requests', level: 'admin', expiresAt: past }],
      'hitl:requests',
      'execute',
      false,
      `no longer: the principal was granted admin on hitl:requests until ${past}`,
    ],
    [
      ['auditor'],
      [],
      'governance:audit',
      'read',
      false,
      `no longer: the role auditor grants read on governance:audit until ${past}`,
    ],
    [
      ['viewer'],
      [],
      'tenancy:api-keys',
      'read',
      false,
      'nothing gives tenancy:api-keys: the principal has the roles viewer and no grants of its own',
    ],
    [[], [], 'hitl:requests', 'read', false, 'nothing gives hitl:requests: the principal has no roles and no grants of its own'],
  ] as const)('%j and %j on %s: %s is %s', (roles, grants, resource, level, allowed, because) => {
    expect(explain([...roles], [...grants], resource, level)).toEqual({ allowed, because });
  });

  it('agrees with isGranted over the effective grants', () => {
    const resource = fc.constantFrom('*', 'hitl:*', 'hitl:requests', 'tenancy:*', 'tenancy:api-keys', 'new:thing');
    const level = fc.constantFrom(...accessLevels);
    const grant = fc.record(
      { resource, level, except: fc.array(resource, { maxLength: 2 }), expiresAt: fc.constantFrom(past, future) },
      { requiredKeys: ['resource', 'level'] },
    );
    const roles = fc.subarray([...builtInRoles, 'lead', 'auditor', 'nobody']);

    fc.assert(
      fc.property(roles, fc.array(grant, { maxLength: 3 }), resource, level, (names, grants, asked, wanted) => {
        const held = { roles: names, grants };

        const { allowed } = explainPermission(held, find, { resource: asked, level: wanted, at: now });

        expect(allowed).toBe(isGranted(effectiveGrants(held, find), asked, wanted, now));
      }),
    );
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
      [now, new Date(future), new Date(later)].map((moment) => isGranted(grants, on, to, moment));

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

describe('builtInRole', () => {
  it.each(['root', '__proto__', 'constructor', 'ADMIN', ''])('finds none of the name %j', (name) => {
    expect(builtInRole(name)).toBeUndefined();
  });
});
