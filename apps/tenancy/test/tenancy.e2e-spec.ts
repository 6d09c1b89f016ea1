import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TenantId, type Caller, encodeCursor } from '@support101/contracts';
import * as contract from '@support101/contracts/tenancy';
import { adminOf, memberOf, platform } from '@support101/service-testing';
import { eventually } from '@support101/testing';
import { AuthenticationService } from '../src/authentication/authentication.service.js';
import { LoneTenancy } from './lone-tenancy.js';

const unknownTenant: TenantId = 'ten_01jd5m6wz5f9r8x2k3c4v7b6n1';
const unknownKey = 'key_01jd5m6wz5f9r8x2k3c4v7b6n1' as const;
const code = (expected: string) => expect.objectContaining({ code: expected });

let tenancy: LoneTenancy;

beforeAll(async () => {
  tenancy = await LoneTenancy.boot();
});

afterAll(async () => {
  await tenancy?.close();
});

async function activeTenant(name = 'Acme'): Promise<contract.Tenant> {
  return tenancy.ask(contract.createTenant, { name, autoActivate: true });
}

async function keyOf(tenantId: TenantId, given: { expiresAt?: string } = {}): Promise<contract.NewApiKey & { key: string }> {
  const made = await tenancy.ask(contract.createApiKey, { tenantId, name: 'shop', roles: ['operator'], ...given });
  return { ...made, key: made.key ?? '' };
}

describe('a new tenant', () => {
  it('is pending, a starter, and told so in an event, unless asked otherwise', async () => {
    const tenant = await tenancy.ask(contract.createTenant, { name: 'Acme' });

    expect(tenant).toMatchObject({
      name: 'Acme',
      tier: 'starter',
      status: 'pending',
      version: 1,
      allowedBlueprints: [],
      settings: {},
    });
    expect(tenant.limits).toMatchObject({ maxAgents: 5, maxRequestsPerMinute: 30 });
    const event = await tenancy.event(contract.tenantCreated, tenant.tenantId);
    expect(event).toMatchObject({ subject: `tenant:${tenant.tenantId}`, principaltype: 'platform', data: { status: 'pending' } });
  });

  it('can be active at once, of any tier', async () => {
    const input = {
      name: 'Acme',
      tier: 'professional' as const,
      autoActivate: true,
      allowedBlueprints: ['support_agent'],
      settings: { a: 1 },
    };

    const tenant = await tenancy.ask(contract.createTenant, input);

    expect(tenant).toMatchObject({
      tier: 'professional',
      status: 'active',
      allowedBlueprints: ['support_agent'],
      settings: { a: 1 },
    });
    expect(tenant.activatedAt).toBe(tenant.createdAt);
    expect(tenant.limits.maxAgents).toBe(20);
  });

  it('is made once however often one idempotency key is sent', async () => {
    const caller: Caller = { ...platform, idempotencyKey: 'make-initech' };

    const first = await tenancy.askForReply(contract.createTenant, { name: 'Initech' }, caller);
    const again = await tenancy.askForReply(contract.createTenant, { name: 'Initech' }, caller);

    expect(again.output).toEqual(first.output);
    expect(again.headers['idempotency-replayed']).toBe('true');
    await expect(tenancy.ask(contract.createTenant, { name: 'Hooli' }, caller)).rejects.toEqual(code('idempotency_key_reused'));
  });

  it.each([
    ['no name', { name: '' }],
    ['NUL in its name', { name: 'a\u0000' }],
    ['half a surrogate pair in its name', { name: '\ud800' }],
    ['NUL in its settings', { name: 'Acme', settings: { a: ['\u0000'] } }],
    ['too many settings', { name: 'Acme', settings: { a: 'x'.repeat(17_000) } }],
    ['a tier there is not', { name: 'Acme', tier: 'gold' as 'free' }],
  ])('with %s is refused', async (_what, input) => {
    await expect(tenancy.ask(contract.createTenant, input)).rejects.toEqual(code('validation_failed'));
  });

  it('is the platform’s to make', async () => {
    await expect(tenancy.ask(contract.createTenant, { name: 'Mine' }, adminOf(unknownTenant))).rejects.toEqual(code('forbidden'));
  });
});

describe('reading tenants', () => {
  it('gives a member its own tenant and hides every other', async () => {
    const [acme, globex] = [await activeTenant(), await activeTenant('Globex')];

    expect(await tenancy.ask(contract.getTenant, { tenantId: acme.tenantId }, adminOf(acme.tenantId))).toEqual(acme);
    await expect(tenancy.ask(contract.getTenant, { tenantId: globex.tenantId }, adminOf(acme.tenantId))).rejects.toEqual(
      code('tenant_not_found'),
    );
    await expect(tenancy.ask(contract.getTenant, { tenantId: unknownTenant })).rejects.toEqual(code('tenant_not_found'));
  });

  it('lists no more of them at once than one message carries', async () => {
    const settings = { a: '日'.repeat(16_000) };
    for (let index = 0; index < 25; index += 1) {
      await tenancy.ask(contract.createTenant, { name: `Large ${index}`, tier: 'free', settings });
    }

    const first = await tenancy.ask(contract.listTenants, { tier: 'free' });
    const second = await tenancy.ask(contract.listTenants, { tier: 'free', cursor: first.nextCursor ?? '' });

    const names = [...first.data, ...second.data].filter((tenant) => tenant.name.startsWith('Large')).map(({ name }) => name);
    expect(names.toSorted()).toEqual(Array.from({ length: 25 }, (_, index) => `Large ${index}`).toSorted());
  });

  it('lists newest first, page by page, each tenant once, with filters', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c']) {
      made.unshift((await tenancy.ask(contract.createTenant, { name, tier: 'enterprise' })).tenantId);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }

    const first = await tenancy.ask(contract.listTenants, { tier: 'enterprise', status: 'pending', limit: 2 });
    const second = await tenancy.ask(contract.listTenants, {
      tier: 'enterprise',
      status: 'pending',
      limit: 2,
      cursor: first.nextCursor ?? '',
    });

    expect([...first.data, ...second.data].map(({ tenantId }) => tenantId)).toEqual(made);
    expect(second.nextCursor).toBeNull();
    expect((await tenancy.ask(contract.listTenants, { tier: 'enterprise', status: 'active' })).data).toEqual([]);
  });

  it.each(['%%%', encodeCursor(['ten_\u0000']), encodeCursor([7]), encodeCursor(['a', 'b'])])(
    'refuses the cursor %j',
    async (cursor) => {
      await expect(tenancy.ask(contract.listTenants, { cursor })).rejects.toEqual(code('cursor_invalid'));
    },
  );

  it('counts tenants by status and tier, and the agents of all', async () => {
    const before = await tenancy.ask(contract.tenantsOverview, {});
    const tenant = await tenancy.ask(contract.createTenant, { name: 'Counted', tier: 'free' });
    tenancy.agents = new Map([[tenant.tenantId, 3]]);

    const after = await tenancy.ask(contract.tenantsOverview, {});

    expect(after.totalTenants).toBe(before.totalTenants + 1);
    expect(after.byStatus.pending).toBe(before.byStatus.pending + 1);
    expect(after.byTier.free).toBe(before.byTier.free + 1);
    expect(after.totalAgents).toBe(3);
  });
});

describe('changing a tenant', () => {
  it('merges settings, counts versions, and tells what changed', async () => {
    const { tenantId } = await tenancy.ask(contract.createTenant, { name: 'Acme', settings: { locale: 'en', theme: 'dark' } });

    const changed = await tenancy.ask(
      contract.updateTenant,
      { tenantId, name: 'Acme Inc.', settings: { theme: null, zone: 'UTC' }, expectedVersion: 1 },
      adminOf(tenantId),
    );

    expect(changed).toMatchObject({ name: 'Acme Inc.', settings: { locale: 'en', zone: 'UTC' }, version: 2 });
    expect((await tenancy.event(contract.tenantUpdated, tenantId)).data.changed).toEqual(['name', 'settings']);
  });

  it('of its tier changes its limits and is the platform’s', async () => {
    const { tenantId } = await activeTenant();

    await expect(tenancy.ask(contract.updateTenant, { tenantId, tier: 'enterprise' }, adminOf(tenantId))).rejects.toEqual(
      code('forbidden'),
    );
    const changed = await tenancy.ask(contract.updateTenant, { tenantId, tier: 'enterprise' });

    expect(changed.limits.maxAgents).toBe(100);
    expect((await tenancy.event(contract.limitsChanged, tenantId)).data.limits.maxAgents).toBe(100);
  });

  it('into what it is already changes nothing', async () => {
    const tenant = await activeTenant();

    expect(await tenancy.ask(contract.updateTenant, { tenantId: tenant.tenantId, name: tenant.name })).toEqual(tenant);
  });

  it('that somebody else has changed meanwhile, or that is not there, is refused', async () => {
    const { tenantId } = await activeTenant();
    await tenancy.ask(contract.updateTenant, { tenantId, name: 'first' });

    await expect(tenancy.ask(contract.updateTenant, { tenantId, name: 'second', expectedVersion: 1 })).rejects.toEqual(
      code('version_mismatch'),
    );
    await expect(tenancy.ask(contract.updateTenant, { tenantId: unknownTenant, name: 'x' })).rejects.toEqual(
      code('tenant_not_found'),
    );
  });

  it('ten times at once from one version succeeds once', async () => {
    const { tenantId } = await activeTenant();

    const names = Array.from({ length: 10 }, (_, index) => `name ${index}`);
    const results = await Promise.allSettled(
      names.map((name) => tenancy.ask(contract.updateTenant, { tenantId, name, expectedVersion: 1 })),
    );

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('limits', () => {
  it('of its own stand in for the tier’s until they are left out', async () => {
    const { tenantId } = await activeTenant();

    const own = await tenancy.ask(contract.setTenantLimits, { tenantId, maxAgents: 7, maxHitlQueueSize: 0 });
    const back = await tenancy.ask(contract.setTenantLimits, { tenantId, expectedVersion: own.version });

    expect(own.limits).toMatchObject({ maxAgents: 7, maxHitlQueueSize: 0, maxRequestsPerMinute: 30 });
    expect(back.limits).toMatchObject({ maxAgents: 5, maxHitlQueueSize: 50 });
  });

  it('are told to the services that enforce them', async () => {
    const { tenantId } = await activeTenant();
    await tenancy.ask(contract.setTenantLimits, { tenantId, maxAgents: 7 });

    const answer = await tenancy.ask(contract.tenantLimits, { tenantId });

    expect(answer).toEqual({
      tenantId,
      status: 'active',
      tier: 'starter',
      allowedBlueprints: [],
      limits: expect.objectContaining({ maxAgents: 7 }),
    });
    await expect(tenancy.ask(contract.tenantLimits, { tenantId: unknownTenant })).rejects.toEqual(code('tenant_not_found'));
  });

  it('cannot be set on another version, on no tenant, or by the tenant itself', async () => {
    const { tenantId } = await activeTenant();

    await expect(tenancy.ask(contract.setTenantLimits, { tenantId, maxAgents: 1, expectedVersion: 9 })).rejects.toEqual(
      code('version_mismatch'),
    );
    await expect(tenancy.ask(contract.setTenantLimits, { tenantId: unknownTenant })).rejects.toEqual(code('tenant_not_found'));
    await expect(tenancy.ask(contract.setTenantLimits, { tenantId }, adminOf(tenantId))).rejects.toEqual(code('forbidden'));
  });
});

describe('the life of a tenant', () => {
  it('goes from pending over active and suspended to deactivated and back', async () => {
    const { tenantId } = await tenancy.ask(contract.createTenant, { name: 'Acme' });

    const active = await tenancy.ask(contract.activateTenant, { tenantId });
    const suspended = await tenancy.ask(contract.suspendTenant, { tenantId, reason: 'unpaid' });
    const deactivated = await tenancy.ask(contract.deactivateTenant, { tenantId });
    const again = await tenancy.ask(contract.activateTenant, { tenantId });

    expect(active).toMatchObject({ status: 'active', activatedAt: expect.any(String) });
    expect(suspended).toMatchObject({ status: 'suspended', statusReason: 'unpaid', suspendedAt: expect.any(String) });
    expect(deactivated).toMatchObject({ status: 'deactivated' });
    expect(again).toMatchObject({ status: 'active', version: 5 });
    expect(again).not.toHaveProperty('statusReason');
    expect((await tenancy.event(contract.tenantSuspended, tenantId)).data).toEqual({
      tenantId,
      from: 'active',
      reason: 'unpaid',
    });
    expect((await tenancy.event(contract.tenantDeactivated, tenantId)).data.from).toBe('suspended');
    await tenancy.event(contract.tenantActivated, tenantId, { from: 'deactivated' });
  });

  it('takes no step that its status does not allow', async () => {
    const { tenantId } = await tenancy.ask(contract.createTenant, { name: 'Acme' });

    await expect(tenancy.ask(contract.suspendTenant, { tenantId, reason: 'x' })).rejects.toEqual(code('tenant_state_conflict'));
    await tenancy.ask(contract.deactivateTenant, { tenantId });
    await expect(tenancy.ask(contract.deactivateTenant, { tenantId })).rejects.toEqual(code('tenant_state_conflict'));
    await tenancy.ask(contract.activateTenant, { tenantId });
    await expect(tenancy.ask(contract.activateTenant, { tenantId })).rejects.toEqual(code('tenant_state_conflict'));
  });

  it('is nobody’s when there is no such tenant', async () => {
    const tenantId = unknownTenant;

    await expect(tenancy.ask(contract.activateTenant, { tenantId })).rejects.toEqual(code('tenant_not_found'));
    await expect(tenancy.ask(contract.suspendTenant, { tenantId, reason: 'x' })).rejects.toEqual(code('tenant_not_found'));
    await expect(tenancy.ask(contract.deactivateTenant, { tenantId })).rejects.toEqual(code('tenant_not_found'));
  });

  it('repeats the answer, not the step, for one idempotency key', async () => {
    const { tenantId } = await tenancy.ask(contract.createTenant, { name: 'Acme' });
    const caller: Caller = { ...platform, idempotencyKey: 'activate-it' };

    const first = await tenancy.ask(contract.activateTenant, { tenantId }, caller);
    const again = await tenancy.askForReply(contract.activateTenant, { tenantId }, caller);

    expect(again).toMatchObject({ output: first, headers: { 'idempotency-replayed': 'true' } });
  });
});

describe('deleting a tenant', () => {
  it('leaves nothing but its id, and nobody is let in any more', async () => {
    const { tenantId } = await activeTenant();
    const { key } = await keyOf(tenantId);

    await tenancy.ask(contract.deleteTenant, { tenantId });

    await expect(tenancy.ask(contract.authenticateKey, { key })).rejects.toEqual(code('unauthenticated'));
    await expect(tenancy.ask(contract.getTenant, { tenantId })).rejects.toEqual(code('tenant_not_found'));
    await expect(tenancy.ask(contract.deleteTenant, { tenantId })).rejects.toEqual(code('tenant_not_found'));
    expect(await tenancy.rows('select name, settings from tenants where tenant_id = $1', [tenantId])).toEqual([
      { name: '', settings: {} },
    ]);
    expect((await tenancy.event(contract.tenantDeleted, tenantId)).data.force).toBe(false);
    await eventually(async () => (await tenancy.rows('select 1 from api_keys where tenant_id = $1', [tenantId])).length === 0);
  });

  it('that has agents takes force', async () => {
    const { tenantId } = await activeTenant();
    tenancy.agents = new Map([[tenantId, 2]]);

    await expect(tenancy.ask(contract.deleteTenant, { tenantId })).rejects.toEqual(code('tenant_has_agents'));
    await tenancy.ask(contract.deleteTenant, { tenantId, force: true });

    expect((await tenancy.event(contract.tenantDeleted, tenantId)).data.force).toBe(true);
  });
});

describe('an API key', () => {
  it('is shown once and lets its holder in as what it was made for', async () => {
    const { tenantId } = await activeTenant();

    const made = await tenancy.ask(
      contract.createApiKey,
      { tenantId, name: 'shop', roles: ['viewer', 'operator', 'viewer'], expiresAt: '2027-01-01T00:00:00Z' },
      adminOf(tenantId),
    );

    expect(made.key).toMatch(/^s101_[0-9A-Za-z]{11}_[0-9A-Za-z]{49}$/);
    expect(made).toMatchObject({ prefix: made.key?.slice(0, 16), roles: ['viewer', 'operator'], status: 'active' });
    expect(await tenancy.ask(contract.authenticateKey, { key: made.key ?? '' })).toEqual({
      tenantId,
      keyId: made.keyId,
      roles: ['viewer', 'operator'],
      expiresAt: '2027-01-01T00:00:00.000Z',
      limits: { maxRequestsPerMinute: 30 },
    });
    const listed = await tenancy.ask(contract.listApiKeys, { tenantId });
    expect(JSON.stringify(listed)).not.toContain(made.key?.slice(17));
    expect(listed.data).toMatchObject([{ keyId: made.keyId, name: 'shop' }]);
    expect((await tenancy.event(contract.apiKeyCreated, tenantId)).data).toMatchObject({ keyId: made.keyId, name: 'shop' });
  });

  it('is kept nowhere: not in its row, its event, or the answer kept for an idempotency key', async () => {
    const { tenantId } = await activeTenant();
    const caller: Caller = { ...platform, idempotencyKey: 'make-key' };

    const first = await tenancy.ask(contract.createApiKey, { tenantId, name: 'shop', roles: ['admin'] }, caller);
    const again = await tenancy.ask(contract.createApiKey, { tenantId, name: 'shop', roles: ['admin'] }, caller);

    expect(first.key).toBeDefined();
    expect(again).toEqual({ ...first, key: undefined });
    const secret = first.key?.slice(17, 60);
    const kept = await tenancy.rows<{ text: string }>(
      `select to_jsonb(k)::text as text from api_keys k where tenant_id = $1
       union all select to_jsonb(o)::text from outbox o where tenant_id = $1
       union all select to_jsonb(i)::text from idempotency_keys i where tenant_id = $1`,
      [tenantId],
    );
    expect(kept.length).toBeGreaterThanOrEqual(2);
    expect(kept.filter(({ text }) => text.includes(secret ?? 'no secret'))).toEqual([]);
  });

  it('is refused, always in the same way, when it is unknown, cut, altered, or no key at all', async () => {
    const { tenantId } = await activeTenant();
    const { key } = await keyOf(tenantId);
    const other = await keyOf(tenantId);
    const swapped = other.key.slice(0, 17) + key.slice(17);
    const bad = ['', 'x', key.slice(0, -1), `${key}0`, key.toLowerCase(), swapped, '\u0000'.repeat(66), 'x'.repeat(100_000)];

    for (const presented of bad) {
      await expect(tenancy.ask(contract.authenticateKey, { key: presented })).rejects.toMatchObject({
        code: 'unauthenticated',
        detail: 'Credentials are missing or not valid',
      });
    }
  });

  it('ends when it expires', async () => {
    const { tenantId } = await activeTenant();
    const expiresAt = new Date(tenancy.clock.now().getTime() + 60_000).toISOString();
    const { key } = await keyOf(tenantId, { expiresAt });

    await tenancy.ask(contract.authenticateKey, { key });
    await tenancy.clock.advance(60_000);

    await expect(tenancy.ask(contract.authenticateKey, { key })).rejects.toEqual(code('unauthenticated'));
    expect((await tenancy.ask(contract.listApiKeys, { tenantId })).data).toMatchObject([{ status: 'expired' }]);
    await expect(keyOf(tenantId, { expiresAt })).rejects.toEqual(code('validation_failed'));
  });

  it('does not let in while its tenant is not active', async () => {
    const { tenantId } = await tenancy.ask(contract.createTenant, { name: 'Acme' });
    const { key } = await keyOf(tenantId);

    await expect(tenancy.ask(contract.authenticateKey, { key })).rejects.toEqual(code('tenant_inactive'));
    await tenancy.ask(contract.activateTenant, { tenantId });
    await expect(tenancy.ask(contract.authenticateKey, { key })).resolves.toMatchObject({ tenantId });
    await tenancy.ask(contract.suspendTenant, { tenantId, reason: 'unpaid' });
    await expect(tenancy.ask(contract.authenticateKey, { key })).rejects.toEqual(code('tenant_inactive'));
  });

  it('is revoked for good, and once', async () => {
    const { tenantId } = await activeTenant();
    const { key, keyId } = await keyOf(tenantId);

    await tenancy.ask(contract.revokeApiKey, { tenantId, keyId });
    await tenancy.ask(contract.revokeApiKey, { tenantId, keyId });

    await expect(tenancy.ask(contract.authenticateKey, { key })).rejects.toEqual(code('unauthenticated'));
    await tenancy.event(contract.apiKeyRevoked, tenantId);
    const told = tenancy.events.filter(({ type, tenantid }) => type === contract.apiKeyRevoked.type && tenantid === tenantId);
    expect(told).toHaveLength(1);
    await expect(tenancy.ask(contract.revokeApiKey, { tenantId, keyId: unknownKey })).rejects.toEqual(code('api_key_not_found'));
  });

  it('that may do more than who asks is neither made nor replaced by them, but may be revoked', async () => {
    const { tenantId } = await activeTenant();
    const admins = await tenancy.ask(contract.createApiKey, { tenantId, name: 'boss', roles: ['admin'] });
    // A viewer’s key that was granted admin on tenancy:api-keys.
    const keeper = memberOf(tenantId, ['viewer']);
    const make = (roles: contract.ApiKey['roles']) => tenancy.ask(contract.createApiKey, { tenantId, name: 'x', roles }, keeper);
    const rotate = (keyId: contract.ApiKey['keyId']) => tenancy.ask(contract.rotateApiKey, { tenantId, keyId }, keeper);

    await expect(make(['admin'])).rejects.toEqual(code('forbidden'));
    await expect(make(['viewer', 'reviewer'])).rejects.toEqual(code('forbidden'));
    await expect(rotate(admins.keyId)).rejects.toEqual(code('forbidden'));
    const own = await make(['viewer']);
    await expect(rotate(own.keyId)).resolves.toMatchObject({ roles: ['viewer'] });
    await expect(tenancy.ask(contract.authenticateKey, { key: admins.key ?? '' })).resolves.toMatchObject({ roles: ['admin'] });
    await tenancy.ask(contract.revokeApiKey, { tenantId, keyId: admins.keyId }, keeper);
    await expect(tenancy.ask(contract.authenticateKey, { key: admins.key ?? '' })).rejects.toEqual(code('unauthenticated'));
  });

  it('of another tenant is not there', async () => {
    const [acme, globex] = [await activeTenant(), await activeTenant('Globex')];
    const { key, keyId } = await keyOf(acme.tenantId);
    const { tenantId } = globex;
    const caller = adminOf(tenantId);

    await expect(tenancy.ask(contract.revokeApiKey, { tenantId, keyId }, caller)).rejects.toEqual(code('api_key_not_found'));
    await expect(tenancy.ask(contract.rotateApiKey, { tenantId, keyId }, caller)).rejects.toEqual(code('api_key_not_found'));
    await expect(tenancy.ask(contract.listApiKeys, { tenantId: acme.tenantId }, caller)).rejects.toEqual(
      code('tenant_not_found'),
    );
    await expect(tenancy.ask(contract.authenticateKey, { key })).resolves.toMatchObject({ tenantId: acme.tenantId });
  });

  it('is replaced at once, or after a grace in which both let in', async () => {
    const { tenantId } = await activeTenant();
    const first = await keyOf(tenantId);

    const second = await tenancy.ask(contract.rotateApiKey, { tenantId, keyId: first.keyId });
    const third = await tenancy.ask(contract.rotateApiKey, { tenantId, keyId: second.keyId, graceSeconds: 60 });

    await expect(tenancy.ask(contract.authenticateKey, { key: first.key })).rejects.toEqual(code('unauthenticated'));
    await expect(tenancy.ask(contract.authenticateKey, { key: second.key ?? '' })).resolves.toMatchObject({
      keyId: second.keyId,
    });
    await expect(tenancy.ask(contract.authenticateKey, { key: third.key ?? '' })).resolves.toMatchObject({ roles: ['operator'] });
    await tenancy.clock.advance(60_000);
    await expect(tenancy.ask(contract.authenticateKey, { key: second.key ?? '' })).rejects.toEqual(code('unauthenticated'));
    await tenancy.event(contract.apiKeyRotated, tenantId, { keyId: second.keyId, replacedBy: third.keyId });
    await expect(tenancy.ask(contract.rotateApiKey, { tenantId, keyId: first.keyId })).rejects.toEqual(code('api_key_inactive'));
  });

  it('more than a tenant may have is refused, also when many are asked for at once', async () => {
    const { tenantId } = await activeTenant();
    const first = await keyOf(tenantId);

    const results = await Promise.allSettled(Array.from({ length: 60 }, () => keyOf(tenantId)));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(49);
    await expect(keyOf(tenantId)).rejects.toEqual(code('limit_exceeded'));
    await expect(tenancy.ask(contract.rotateApiKey, { tenantId, keyId: first.keyId, graceSeconds: 60 })).rejects.toEqual(
      code('limit_exceeded'),
    );
    await expect(tenancy.ask(contract.rotateApiKey, { tenantId, keyId: first.keyId })).resolves.toMatchObject({
      status: 'active',
    });
  });

  it('of no tenant cannot be made, listed, revoked or rotated', async () => {
    const tenantId = unknownTenant;

    await expect(keyOf(tenantId)).rejects.toEqual(code('tenant_not_found'));
    await expect(tenancy.ask(contract.listApiKeys, { tenantId })).rejects.toEqual(code('tenant_not_found'));
    await expect(tenancy.ask(contract.revokeApiKey, { tenantId, keyId: unknownKey })).rejects.toEqual(code('tenant_not_found'));
    await expect(tenancy.ask(contract.rotateApiKey, { tenantId, keyId: unknownKey })).rejects.toEqual(code('tenant_not_found'));
  });

  it('is listed newest first, page by page', async () => {
    const { tenantId } = await activeTenant();
    const made = [];
    for (let index = 0; index < 3; index += 1) {
      made.unshift((await keyOf(tenantId)).keyId);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }

    const first = await tenancy.ask(contract.listApiKeys, { tenantId, limit: 2 });
    const second = await tenancy.ask(contract.listApiKeys, { tenantId, limit: 2, cursor: first.nextCursor ?? '' });

    expect([...first.data, ...second.data].map(({ keyId }) => keyId)).toEqual(made);
    await expect(tenancy.ask(contract.listApiKeys, { tenantId, cursor: encodeCursor(['key_\u0000']) })).rejects.toEqual(
      code('cursor_invalid'),
    );
  });

  it('shows when it was last used, without a write for each use', async () => {
    const { tenantId } = await activeTenant();
    const { key } = await keyOf(tenantId);
    for (let use = 0; use < 3; use += 1) await tenancy.ask(contract.authenticateKey, { key });
    const at = tenancy.clock.now().toISOString();

    const before = await tenancy.ask(contract.listApiKeys, { tenantId });
    await tenancy.provider(AuthenticationService).writeUses();
    const after = await tenancy.ask(contract.listApiKeys, { tenantId });

    expect(before.data[0]).not.toHaveProperty('lastUsedAt');
    expect(after.data[0]?.lastUsedAt).toBe(at);
  });
});

// The last test of the file: it looks back at what the others have asked.
describe('the tests above', () => {
  it('have seen every contract answered and every declared error', () => {
    expect(tenancy.unseen((subject) => !subject.startsWith('tenancy.usage.'))).toEqual([]);
  });
});
