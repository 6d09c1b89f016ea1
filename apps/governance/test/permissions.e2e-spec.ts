import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyId, TenantCaller, TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { apiKeyCreated, apiKeyRevoked, apiKeyRotated, tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { adminOf, memberOf } from '@support101/service-testing';
import { LoneGovernance } from './lone-governance.js';

let governance: LoneGovernance;
let acme: TenantId;
let admin: TenantCaller;

beforeAll(async () => {
  governance = await LoneGovernance.boot();
});

beforeEach(() => {
  acme = newId('ten');
  admin = adminOf(acme);
});

afterAll(async () => {
  await governance?.close();
});

/** As large as grants can be: 100 of them have 378 KB or more. */
const large = (count: number): contract.Grant[] =>
  Array.from({ length: count }, (_, index) => ({
    resource: `hitl:r${index}`,
    level: 'read' as const,
    except: Array.from({ length: 20 }, (_each, exception) => `hitl:${'x'.repeat(178)}_${exception}`),
  }));
const role = (name: string, given: { inheritsFrom?: string[]; permissions?: contract.Grant[] } = {}) =>
  governance.ask(contract.createRole, { name, permissions: [], ...given }, admin);
const assign = (principalId: string, name: string, caller = admin) =>
  governance.ask(contract.assignRole, { principalId, role: name }, caller);
const grant = (principalId: string, given: contract.Grant, caller = admin) =>
  governance.ask(contract.grantPermission, { principalId, ...given }, caller);
const check = (principalId: string, resource: string, level: 'read' | 'execute' | 'admin') =>
  governance.ask(contract.checkPermission, { principalId, resource, level }, admin);
const resolve = (principalId: string, roles: string[] = []) =>
  governance.ask(contract.resolvePermissions, { principalId, roles }, admin);
const later = (seconds: number) => new Date(governance.clock.now().getTime() + seconds * 1_000).toISOString();
const inTenant = (keyId: KeyId) => ({ tenantId: acme, keyId });
const keyOf = async (...roles: ('admin' | 'operator' | 'reviewer' | 'viewer')[]): Promise<KeyId> => {
  const keyId = newId('key');
  await governance.happened(apiKeyCreated, { ...inTenant(keyId), name: 'x', roles }, admin);
  return keyId;
};

describe('roles', () => {
  it('are the built-in ones and the tenant’s own, page by page', async () => {
    await role('zebra');
    await role('lead', { inheritsFrom: ['reviewer'], permissions: [{ resource: 'learning:*', level: 'execute' }] });

    const first = await governance.ask(contract.listRoles, { limit: 4 }, admin);
    const rest = await governance.ask(contract.listRoles, { limit: 4, cursor: first.nextCursor ?? '' }, admin);

    expect(first.data.map(({ name, builtIn }) => [name, builtIn])).toEqual([
      ['admin', true],
      ['lead', false],
      ['operator', true],
      ['reviewer', true],
    ]);
    expect(first.data[1]).toEqual({
      name: 'lead',
      description: '',
      permissions: [{ resource: 'learning:*', level: 'execute' }],
      inheritsFrom: ['reviewer'],
      builtIn: false,
    });
    expect([rest.data.map(({ name }) => name), rest.nextCursor]).toEqual([['viewer', 'zebra'], null]);
    await expect(governance.ask(contract.listRoles, { cursor: 'x' }, admin)).rejects.toMatchObject({ code: 'cursor_invalid' });
  });

  it('are made with an event, once for one idempotency key', async () => {
    const keyed = { ...admin, idempotencyKey: 'one' };
    const input = { name: 'lead', permissions: [{ resource: 'hitl:*', level: 'admin' as const }], inheritsFrom: ['viewer'] };

    const first = await governance.askForReply(contract.createRole, input, keyed);
    const again = await governance.askForReply(contract.createRole, input, keyed);

    expect(again.output).toEqual(first.output);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect((await governance.event(contract.roleCreated, acme)).data).toEqual(input);
  });

  it.each([
    ['there is one', 'lead', [], 'role_exists'],
    ['it is built in', 'viewer', [], 'role_exists'],
    ['it inherits from itself', 'boss', ['boss'], 'role_cycle'],
    ['it inherits from none', 'boss', ['nobody'], 'role_not_found'],
    ['it inherits from __proto__', 'boss', ['constructor'], 'role_not_found'],
  ])('are not made when %s', async (_, name, inheritsFrom, code) => {
    await role('lead');

    await expect(role(name, { inheritsFrom })).rejects.toMatchObject({ code });
  });

  it('made at the same time under one name are one', async () => {
    const made = await Promise.allSettled([role('lead'), role('lead'), role('lead')]);

    const outcomes = made.map((each) => (each.status === 'fulfilled' ? 'made' : (each.reason as { code: string }).code));
    expect(outcomes.sort()).toEqual(['made', 'role_exists', 'role_exists']);
  });

  it('have together what a message carries, and no more, also when they are made at the same time', async () => {
    const roles = await Promise.allSettled(['a', 'b', 'c'].map((name) => role(name, { permissions: large(100) })));
    const grants = await Promise.allSettled(large(110).map((given) => grant('usr_1', given)));

    const [name] = roles.flatMap((each) => (each.status === 'fulfilled' ? [each.value.name] : []));
    const granted = grants.filter(({ status }) => status === 'fulfilled').length;
    const refusals = [...roles, ...grants].flatMap((each) => (each.status === 'rejected' ? [each.reason as object] : []));
    expect(refusals).toEqual(Array.from({ length: 112 - granted }, () => expect.objectContaining({ code: 'limit_exceeded' })));
    expect(granted).toBeLessThan(110);
    const { data } = await governance.ask(contract.listRoles, {}, admin);
    expect(data.find((each) => each.name === name)?.permissions).toEqual(large(100));
    expect((await resolve('usr_1', [name ?? ''])).grants).toHaveLength(100 + granted);
  });

  it('are a hundred at most', async () => {
    for (let index = 0; index < 100; index += 1) await role(`role-${index}`);

    await expect(role('one-more')).rejects.toMatchObject({ code: 'limit_exceeded' });
  });

  it('are of one tenant', async () => {
    await role('lead');
    const globex = adminOf(newId('ten'));

    await expect(assign('usr_1', 'lead', globex)).rejects.toMatchObject({ code: 'role_not_found' });
    expect((await governance.ask(contract.listRoles, {}, globex)).data.every(({ builtIn }) => builtIn)).toBe(true);
  });

  it('are assigned and taken away, each change once an event', async () => {
    await role('lead', { inheritsFrom: ['operator'] });

    await assign('usr_1', 'lead');
    await assign('usr_1', 'lead');
    const while_ = await check('usr_1', 'agent-runtime:runs', 'execute');
    await governance.ask(contract.revokeRole, { principalId: 'usr_1', role: 'lead' }, admin);
    await governance.ask(contract.revokeRole, { principalId: 'usr_1', role: 'lead' }, admin);

    await governance.event(contract.roleRevoked, acme);
    const own = governance.events.filter(({ tenantid, type }) => tenantid === acme && type.startsWith('governance.roles.'));
    expect(own.map(({ type }) => type)).toEqual([
      contract.roleCreated.type,
      contract.roleAssigned.type,
      contract.roleRevoked.type,
    ]);
    expect(while_).toEqual({
      allowed: true,
      because: 'the role lead, which inherits operator, grants execute on agent-runtime:*',
    });
    expect(await check('usr_1', 'agent-runtime:runs', 'execute')).toMatchObject({ allowed: false });
  });
});

describe('grants', () => {
  it('replace the one on the same resource, are read back, and taken away', async () => {
    await grant('usr_1', { resource: 'hitl:*', level: 'read' });
    await grant('usr_1', { resource: 'hitl:*', level: 'execute', except: ['hitl:reviewers'], expiresAt: later(60) });

    const held = await governance.ask(contract.getPermissions, { principalId: 'usr_1' }, admin);
    const decided = [await check('usr_1', 'hitl:requests', 'execute'), await check('usr_1', 'hitl:reviewers', 'read')];
    await governance.ask(contract.revokePermission, { principalId: 'usr_1', resource: 'hitl:*' }, admin);
    await governance.ask(contract.revokePermission, { principalId: 'usr_1', resource: 'hitl:*' }, admin);

    expect(held).toEqual({
      principalId: 'usr_1',
      roles: [],
      permissions: [{ resource: 'hitl:*', level: 'execute', except: ['hitl:reviewers'], expiresAt: later(60) }],
      credential: null,
    });
    expect(decided.map(({ allowed }) => allowed)).toEqual([true, false]);
    expect((await governance.event(contract.permissionRevoked, acme)).data).toEqual({ principalId: 'usr_1', resource: 'hitl:*' });
    expect(await check('usr_1', 'hitl:requests', 'read')).toMatchObject({ allowed: false });
  });

  it('end when they say so', async () => {
    const expiresAt = later(60);
    await grant('usr_1', { resource: '*', level: 'admin', expiresAt });

    const before = [await check('usr_1', 'hitl:requests', 'read'), await resolve('usr_1')];
    await governance.clock.advance(60_000);
    const after = [await check('usr_1', 'hitl:requests', 'read'), await resolve('usr_1')];

    expect(before).toEqual([
      { allowed: true, because: `the principal was granted admin on * until ${expiresAt}` },
      { grants: [{ resource: '*', level: 'admin', expiresAt }] },
    ]);
    expect(after).toEqual([
      { allowed: false, because: `no longer: the principal was granted admin on * until ${expiresAt}` },
      { grants: [] },
    ]);
    await expect(grant('usr_1', { resource: '*', level: 'admin', expiresAt })).rejects.toMatchObject({
      code: 'validation_failed',
      issues: [{ path: '/expiresAt' }],
    });
  });

  it('are two hundred at most', async () => {
    for (let index = 0; index < 200; index += 1) await grant('usr_1', { resource: `hitl:r${index}`, level: 'read' });

    await expect(grant('usr_1', { resource: 'hitl:one_more', level: 'read' })).rejects.toMatchObject({ code: 'limit_exceeded' });
    await expect(grant('usr_1', { resource: 'hitl:r0', level: 'admin' })).resolves.toMatchObject({ level: 'admin' });
  });

  it('are not given by somebody who does not have them', async () => {
    const keeper = memberOf(acme, ['viewer'], 'key_of_a_keeper');
    await grant('key_of_a_keeper', { resource: 'governance:permissions', level: 'admin' });
    await role('wide', { inheritsFrom: ['admin'] });

    await expect(grant('usr_1', { resource: '*', level: 'admin' }, keeper)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(grant('usr_1', { resource: 'tenancy:api-keys', level: 'read' }, keeper)).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(assign('usr_1', 'wide', keeper)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(assign('usr_1', 'viewer', keeper)).resolves.toEqual({ principalId: 'usr_1', role: 'viewer' });
    await expect(grant('usr_1', { resource: 'governance:permissions', level: 'admin' }, keeper)).resolves.toBeDefined();
  });
});

describe('an API key', () => {
  it('may what its own roles and what was assigned to it grant, until it ends', async () => {
    const keyId = await keyOf('viewer');
    await assign(keyId, 'reviewer');

    const decided = [
      await check(keyId, 'agent-runtime:runs', 'read'),
      await check(keyId, 'tenancy:api-keys', 'read'),
      await check(keyId, 'hitl:requests', 'execute'),
    ];
    const held = await governance.ask(contract.getPermissions, { principalId: keyId }, admin);
    await governance.happened(apiKeyRevoked, inTenant(keyId), admin);
    const ended = governance.clock.now().toISOString();

    expect(decided).toEqual([
      { allowed: true, because: 'the role viewer grants read on * except tenancy:api-keys' },
      {
        allowed: false,
        because: 'nothing gives tenancy:api-keys: the principal has the roles viewer, reviewer and no grants of its own',
      },
      { allowed: true, because: 'the role reviewer grants execute on hitl:requests' },
    ]);
    expect(held).toMatchObject({ roles: ['reviewer'], credential: { roles: ['viewer'], endsAt: null } });
    expect(await check(keyId, 'agent-runtime:runs', 'read')).toEqual({
      allowed: false,
      because: `the API key ended at ${ended}`,
    });
  });

  it('that was rotated may until its grace is over', async () => {
    const keyId = await keyOf('admin');
    const endsAt = later(30);
    await governance.happened(apiKeyRotated, { ...inTenant(keyId), replacedBy: newId('key'), endsAt }, admin);

    const before = await check(keyId, 'hitl:requests', 'admin');
    await governance.clock.advance(30_000);

    expect(before.allowed).toBe(true);
    expect(await check(keyId, 'hitl:requests', 'admin')).toEqual({ allowed: false, because: `the API key ended at ${endsAt}` });
  });

  it('whose end was heard of before its making has ended', async () => {
    const keyId = newId('key');
    await governance.happened(apiKeyRevoked, inTenant(keyId), admin);
    await governance.happened(apiKeyCreated, { ...inTenant(keyId), name: 'x', roles: ['admin'], expiresAt: later(99) }, admin);

    expect(await check(keyId, 'hitl:requests', 'read')).toMatchObject({
      allowed: false,
      because: expect.stringContaining('ended'),
    });
  });

  it('of another tenant is none', async () => {
    const keyId = await keyOf('admin');
    const globex = adminOf(newId('ten'));
    const input = { principalId: keyId, resource: 'hitl:requests', level: 'read' as const };

    expect(await governance.ask(contract.checkPermission, input, globex)).toEqual({
      allowed: false,
      because: 'the tenant has no such API key',
    });
  });
});

describe('resolve', () => {
  it('gives the gateway everything: of the credential’s roles, of assigned ones with their parents, and grants', async () => {
    await role('lead', { inheritsFrom: ['reviewer'], permissions: [{ resource: 'learning:*', level: 'execute' }] });
    await assign('key_1', 'lead');
    await grant('key_1', { resource: 'tenancy:usage', level: 'read' });

    const { grants } = await resolve('key_1', ['viewer', 'unknown']);

    expect(grants).toEqual([
      { resource: 'tenancy:usage', level: 'read' },
      { resource: '*', level: 'read', except: ['tenancy:api-keys'] },
      { resource: 'learning:*', level: 'execute' },
      { resource: 'hitl:requests', level: 'execute' },
      { resource: 'hitl:escalations', level: 'execute' },
    ]);
  });

  it('needs a tenant', async () => {
    const { tenantId: _, ...nobodys } = admin;

    await expect(governance.ask(contract.resolvePermissions, { principalId: 'x', roles: [] }, nobodys)).rejects.toMatchObject({
      code: 'tenant_required',
    });
  });
});

describe('a deleted tenant', () => {
  it('leaves its audit and nothing else', async () => {
    const keyId = await keyOf('admin');
    await role('lead');
    await assign(keyId, 'lead');
    await grant(keyId, { resource: '*', level: 'admin' });

    await governance.happened(tenantDeleted, { tenantId: acme, force: false }, admin);

    const held = await governance.ask(contract.getPermissions, { principalId: keyId }, admin);
    expect(held).toMatchObject({ roles: [], permissions: [], credential: null });
    expect((await governance.ask(contract.listRoles, {}, admin)).data).toHaveLength(4);
    expect((await governance.ask(contract.listAudit, {}, admin)).data.map(({ eventType }) => eventType)).toContain(
      'tenant_deleted',
    );
    expect(await governance.ask(contract.verifyAudit, {}, admin)).toMatchObject({ valid: true });
  });
});

it('answers every contract and gives every error it declares', () => {
  expect(governance.unseen((subject) => /\.(roles|permissions)\./.test(subject))).toEqual([]);
});
