import { FreeObject, id, page, pageQuery, rpc, TenantId, text, buildRegistry } from '@support101/contracts';
import { z } from 'zod';

const resource = 'demo:things';
const ThingId = id('agt');

const Thing = z.object({ thingId: ThingId, name: z.string(), version: z.number().int() }).meta({ id: 'DemoThing' });

export const getThing = rpc('demo.things.get.v1', {
  summary: 'Get a thing',
  access: { resource, level: 'read' },
  http: { method: 'GET', path: '/v1/things/{thingId}', etag: true },
  input: z.object({ thingId: ThingId }),
  output: Thing,
  errors: ['agent_not_found'],
});
export const createThing = rpc('demo.things.create.v1', {
  summary: 'Create a thing',
  access: { resource, level: 'admin' },
  http: {
    method: 'POST',
    path: '/v1/things',
    status: { among: [201, 202], of: (thing) => (thing.version === 0 ? 202 : 201) },
    location: (thing) => `/v1/things/${thing.thingId}`,
    preferWait: 'waitSeconds',
  },
  input: z.object({
    name: text(100),
    size: z.number().optional(),
    owner: z.object({ name: z.string().optional() }).optional(),
    free: FreeObject.optional(),
    waitSeconds: z.number().int().max(60).default(30),
  }),
  output: Thing,
  errors: [],
});
export const updateThing = rpc('demo.things.update.v1', {
  summary: 'Change a thing',
  access: { resource, level: 'admin' },
  http: { method: 'PATCH', path: '/v1/things/{thingId}', etag: true },
  input: z.object({ thingId: ThingId, name: text(100).optional(), expectedVersion: z.number().int().optional() }),
  output: Thing,
  errors: ['version_mismatch'],
});
export const listThings = rpc('demo.things.list.v1', {
  summary: 'List things',
  access: { resource, level: 'read' },
  http: { method: 'GET', path: '/v1/things' },
  input: z.object({
    ...pageQuery,
    kinds: z.array(z.enum(['a', 'b'])).optional(),
    archived: z.boolean().default(false),
    q: text(50).optional(),
  }),
  output: page(Thing),
  errors: [],
});
export const exportThings = rpc('demo.things.export.v1', {
  summary: 'Export things',
  access: { resource, level: 'read' },
  http: { method: 'GET', path: '/v1/things/export', export: { name: 'things' } },
  input: z.object({ cursor: pageQuery.cursor, kind: z.enum(['a', 'b']).optional() }),
  output: page(z.object({ name: z.string(), maker: z.object({ city: z.string() }), notes: FreeObject })),
  errors: [],
});
export const deleteThing = rpc('demo.things.delete.v1', {
  summary: 'Delete a thing',
  access: { resource, level: 'admin' },
  http: { method: 'DELETE', path: '/v1/things/{thingId}', status: 204 },
  input: z.object({ thingId: ThingId, force: z.boolean().default(false) }),
  output: z.object({}),
  errors: [],
});
export const getShop = rpc('demo.shops.get.v1', {
  summary: 'Get a tenant’s shop',
  access: { resource: 'demo:shops', level: 'read', tenant: 'path' },
  http: { method: 'GET', path: '/v1/shops/{tenantId}' },
  input: z.object({ tenantId: TenantId }),
  output: z.object({ tenantId: TenantId }),
  errors: [],
});
export const countShops = rpc('demo.shops.count.v1', {
  summary: 'Count shops',
  access: { resource: 'demo:shops', level: 'read', tenant: 'platform' },
  http: { method: 'GET', path: '/v1/shops' },
  input: z.object({}),
  output: z.object({ count: z.number() }),
  errors: [],
});
export const greet = rpc('demo.greetings.get.v1', {
  summary: 'Greet anybody',
  access: { public: true },
  http: { method: 'GET', path: '/v1/greeting' },
  input: z.object({}),
  output: z.object({ greeting: z.string() }),
  errors: [],
});
export const dawdle = rpc('demo.greetings.dawdle.v1', {
  summary: 'Answer too late',
  access: { public: true },
  http: { method: 'GET', path: '/v1/late' },
  input: z.object({}),
  output: z.object({}),
  errors: [],
  timeoutMs: 150,
});
const askNobody = rpc('demo.greetings.nobody.v1', {
  summary: 'Ask a service that is not there',
  access: { public: true },
  http: { method: 'GET', path: '/v1/nobody' },
  input: z.object({}),
  output: z.object({}),
  errors: [],
});
export const breakDown = rpc('demo.greetings.break.v1', {
  summary: 'Break',
  access: { public: true },
  http: { method: 'POST', path: '/v1/broken' },
  input: z.object({}),
  output: z.object({}),
  errors: [],
});

export const takeThing = rpc('demo.signed.take.v1', {
  summary: 'Take a signed thing',
  access: { public: true },
  http: { method: 'POST', path: '/v1/signed/{thingId}', raw: { body: 'bytes', headers: 'given' }, status: 202 },
  input: z.object({ thingId: ThingId, bytes: z.base64(), given: z.record(z.string(), z.string()) }),
  output: z.object({ status: z.string() }),
  errors: [],
});

export const registry = buildRegistry([
  { getThing, createThing, updateThing, listThings, deleteThing, getShop, countShops, greet, dawdle, askNobody, breakDown },
  { takeThing, exportThings },
]);
