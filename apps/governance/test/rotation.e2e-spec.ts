import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller, KeyId, TenantCaller, TenantId } from '@support101/contracts';
import * as contract from '@support101/contracts/governance';
import { apiKeyCreated, apiKeyRotated, tenantDeleted } from '@support101/contracts/tenancy';
import { newId } from '@support101/service-kit';
import { adminOf, envelopeOf, memberOf, platform } from '@support101/service-testing';
import { DecisionsService } from '../src/decisions/decisions.service.js';
import { LoneGovernance } from './lone-governance.js';

let governance: LoneGovernance;
let acme: TenantId;
let admin: TenantCaller;
let old: KeyId;
let successor: KeyId;

beforeAll(async () => {
  governance = await LoneGovernance.boot();
});

beforeEach(async () => {
  acme = newId('ten');
  admin = adminOf(acme);
  [old, successor] = [await keyOf('viewer'), newId('key')];
});

afterAll(async () => {
  await governance?.close();
});

const later = (seconds: number) => new Date(governance.clock.now().getTime() + seconds * 1_000).toISOString();
const assign = (principalId: string, role: string) => governance.ask(contract.assignRole, { principalId, role }, admin);
const grant = (principalId: string, given: contract.Grant) =>
  governance.ask(contract.grantPermission, { principalId, ...given }, admin);
const held = async (principalId: string) => {
  const { roles, permissions } = await governance.ask(contract.getPermissions, { principalId }, admin);
  return { roles, permissions };
};
const rotated = (by: Caller) =>
  governance.happened(
    apiKeyRotated,
    { tenantId: acme, keyId: old, replacedBy: successor, endsAt: later(60) },
    { ...by, tenantId: acme },
  );
async function keyOf(role: 'admin' | 'viewer', keyId = newId('key')): Promise<KeyId> {
  await governance.happened(apiKeyCreated, { tenantId: acme, keyId, name: 'x', roles: [role] }, admin);
  return keyId;
}

const lasting: contract.Grant = { resource: 'hitl:*', level: 'execute', except: ['hitl:reviewers'] };

async function laden(): Promise<{ roles: string[]; permissions: contract.Grant[] }> {
  const passing: contract.Grant = { resource: 'learning:*', level: 'admin', expiresAt: later(600) };
  await governance.ask(
    contract.createRole,
    { name: 'lead', permissions: [{ resource: 'learning:*', level: 'admin' }], inheritsFrom: ['viewer'] },
    admin,
  );
  for (const role of ['lead', 'viewer']) await assign(old, role);
  for (const each of [lasting, passing]) await grant(old, each);
  return { roles: ['lead', 'viewer'], permissions: [lasting, passing] };
}

describe('the successor of a key', () => {
  it.each([
    ['the platform', async () => platform],
    ['the key itself', async () => memberOf(acme, ['viewer'], old)],
    ['an admin’s key', async () => memberOf(acme, ['admin'], await keyOf('admin'))],
  ])('has what governance gave the key, and tells so, when it was replaced by %s', async (_, who) => {
    const all = await laden();

    await rotated(await who());

    expect(await held(successor)).toEqual(all);
    expect(await held(old)).toEqual(all);
    const granted = await governance.told(contract.permissionGranted, acme, 2, { principalId: successor });
    expect(granted.map(({ data }) => data.resource).sort()).toEqual(['hitl:*', 'learning:*']);
    const assigned = await governance.told(contract.roleAssigned, acme, 2, { principalId: successor });
    expect(assigned.map(({ data }) => data.role).sort()).toEqual(['lead', 'viewer']);
  });

  it('gets no more than whoever replaced the key may give, as they are shown it', async () => {
    await laden();
    const keeper = await keyOf('viewer');
    await grant(keeper, { resource: 'tenancy:api-keys', level: 'admin' });
    await grant(keeper, { resource: 'hitl:*', level: 'execute', except: ['hitl:reviewers'] });

    await rotated(memberOf(acme, ['viewer'], keeper));

    expect(await held(successor)).toEqual({ roles: ['viewer'], permissions: [lasting] });
  });

  it('keeps what it was given before this was heard of, and from then on is a key of its own', async () => {
    await laden();
    await grant(successor, { resource: 'hitl:*', level: 'read' });
    await governance.ask(contract.revokeRole, { principalId: old, role: 'lead' }, admin);

    const event = await rotated(platform);
    await assign(old, 'reviewer');
    await governance.ask(contract.revokeRole, { principalId: successor, role: 'viewer' }, admin);
    await governance.tell({ ...event });

    const { roles, permissions } = await held(successor);
    expect(roles).toEqual([]);
    expect(permissions.map(({ resource, level }) => [resource, level])).toEqual([
      ['hitl:*', 'read'],
      ['learning:*', 'admin'],
    ]);
  });

  it('has it also when the key that replaced the old one was heard of later', async () => {
    const all = await laden();
    const late = newId('key');
    const decisions = governance.provider(DecisionsService);

    const data = { tenantId: acme, keyId: old, replacedBy: successor, endsAt: later(60) };
    const event = { ...envelopeOf(apiKeyRotated, acme, data, { principaltype: 'key', principalid: late }), data };
    const caller = memberOf(acme, [], late);
    const deliver = (attempt: number) =>
      decisions.keyRotated({ event, caller, durable: 'decisions', attempt, signal: new AbortController().signal });

    await expect(deliver(1)).rejects.toThrow(late);
    const before = await held(successor);
    await keyOf('admin', late);
    await deliver(2);

    expect(before).toEqual({ roles: [], permissions: [] });
    expect(await held(successor)).toEqual(all);
  });

  it('has nothing where the tenant is gone', async () => {
    await laden();
    await governance.happened(tenantDeleted, { tenantId: acme, force: true }, admin);

    await rotated(memberOf(acme, ['admin'], newId('key')));

    expect(await held(successor)).toEqual({ roles: [], permissions: [] });
  });
});
