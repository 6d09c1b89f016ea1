import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@support101/testing';
import { type Answer, ApiClient } from './api-client.js';
import type { Product } from './product.js';
import { standingProduct } from './standing-product.js';

// Who may do what, through the public API: what governance keeps counts at the door, and what the door refuses is on record.

let product: Product;
let platform: ApiClient;
let admin: ApiClient;
let viewer: ApiClient;
const ids = { tenant: '', foreign: '', viewer: '' };

async function keyOf(tenantId: string, role: string): Promise<{ client: ApiClient; keyId: string }> {
  const { body } = await platform.post(`/v1/tenants/${tenantId}/api-keys`, { name: role, roles: [role] });
  return { client: new ApiClient(product.url, String(body['key'])), keyId: String(body['keyId']) };
}

async function tenant(name: string): Promise<string> {
  const made = await platform.post('/v1/tenants', { name, tier: 'professional', autoActivate: true });
  return String(made.body['tenantId']);
}

let written = 0;
const write = (): Promise<Answer> => {
  written += 1;
  return viewer.post('/v1/learning/knowledge', { title: `Article ${written}`, content: 'What an operator would write.' });
};
/** A change of rights counts within five seconds, the time of a request or two aside. */
const comes = (status: number) => eventually(async () => expect((await write()).status).toBe(status), 6_000);

type Entry = Readonly<Record<string, unknown>>;
const onRecord = (wanted: Entry) =>
  eventually(async () => {
    const { body } = await admin.get('/v1/governance/audit?limit=100');
    expect(body.data).toContainEqual(expect.objectContaining(wanted));
  }, 10_000);

beforeAll(async () => {
  product = await standingProduct();
  platform = new ApiClient(product.url, product.platformKey);
  [ids.tenant, ids.foreign] = [await tenant('Acme'), await tenant('Globex')];
  admin = (await keyOf(ids.tenant, 'admin')).client;
  ({ client: viewer, keyId: ids.viewer } = await keyOf(ids.tenant, 'viewer'));
}, 120_000);

describe('a viewer’s key', () => {
  it('may write once a role of the tenant’s own is assigned to it, and no longer once it is taken away', async () => {
    expect((await write()).status).toBe(403);
    const permissions = [{ resource: 'learning:knowledge', level: 'execute' }];
    expect((await admin.post('/v1/governance/roles', { name: 'author', permissions })).status).toBe(201);

    const assigned = await admin.post('/v1/governance/roles/assign', { principalId: ids.viewer, role: 'author' });
    expect(assigned.status).toBe(200);
    await comes(201);
    expect((await admin.delete(`/v1/governance/roles/${ids.viewer}/author`)).status).toBe(204);
    await comes(403);
  }, 60_000);

  it('may write while a grant says so', async () => {
    const grant = { principalId: ids.viewer, resource: 'learning:*', level: 'execute' };
    expect((await admin.post('/v1/governance/permissions/grant', grant)).status).toBe(200);
    await comes(201);
    expect((await admin.delete(`/v1/governance/permissions/${ids.viewer}/learning:*`)).status).toBe(204);
    await comes(403);
  }, 60_000);
});

describe('the audit', () => {
  it('has what was refused, and by whom', async () => {
    expect((await viewer.get(`/v1/tenants/${ids.foreign}`)).status).toBe(404);

    const principal = { type: 'key', id: ids.viewer };
    await onRecord({ action: 'gateway.requests.refused', outcome: 'forbidden', principal, eventType: 'security_violation' });
    await onRecord({ action: 'gateway.requests.refused', outcome: 'tenant_not_found', principal });
  });

  it('has what the platform looked at in the tenant’s name', async () => {
    const operator = new ApiClient(product.url, product.platformKey, { 'x-tenant-id': ids.tenant });
    expect((await operator.get('/v1/learning/knowledge')).status).toBe(200);

    await onRecord({
      action: 'gateway.tenants.named',
      eventType: 'data_accessed',
      principal: { type: 'platform', id: 'platform' },
    });
  });

  it('lists refusals under security, and verifies', async () => {
    const { body } = await admin.get('/v1/governance/audit/security?limit=100');

    expect(body.data.map((entry) => entry['action'])).toContain('gateway.requests.refused');
    expect((await admin.get('/v1/governance/audit/verify')).body).toMatchObject({ valid: true });
  });
});
