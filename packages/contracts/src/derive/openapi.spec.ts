import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { z } from 'zod';
import { registry as everything } from '../all.js';
import { rpc, stream } from '../kernel/contract.js';
import { id } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { buildRegistry } from '../kernel/registry.js';
import { openapi, type OpenApiDocument, type OpenApiOperation } from './openapi.js';

const info = { title: 'Test', version: '1.2.3' };
const access = { resource: 'demo:things', level: 'read' } as const;

const Part = z.object({ size: z.number().default(1) }).meta({ id: 'Part' });
const Thing = z.object({ thingId: id('agt'), part: Part, version: z.number().int() }).meta({ id: 'Thing' });

const createThing = rpc('demo.things.create.v1', {
  summary: 'Create a thing',
  access: { ...access, level: 'execute' },
  http: {
    method: 'POST',
    path: '/v1/things',
    status: 201,
    location: (thing) => `/v1/things/${thing.thingId}`,
    preferWait: 'waitSeconds',
  },
  input: z.object({ name: z.string().meta({ examples: ['anvil'] }), part: Part.optional(), waitSeconds: z.number().optional() }),
  output: Thing,
  errors: ['agent_busy'],
});
const updateThing = rpc('demo.things.update.v1', {
  summary: 'Change a thing',
  access,
  http: { method: 'PATCH', path: '/v1/things/{thingId}', etag: true },
  input: z.object({ thingId: id('agt'), name: z.string().optional(), expectedVersion: z.number().optional() }),
  output: Thing,
  errors: ['agent_not_found', 'version_mismatch'],
});
const listThings = rpc('demo.things.list.v2', {
  summary: 'List things',
  access: { public: true },
  http: { method: 'GET', path: '/v1/things' },
  input: z.object({ ...pageQuery, kind: z.array(z.enum(['a', 'b'])).optional() }),
  output: page(Thing),
  errors: [],
});
const deleteThing = rpc('demo.things.delete.v1', {
  summary: 'Delete a thing',
  access: { ...access, tenant: 'platform' },
  http: { method: 'DELETE', path: '/v1/things/{thingId}', status: 204 },
  input: z.object({ thingId: id('agt'), force: z.boolean().default(false) }),
  output: z.object({}),
  errors: [],
});
const watchThings = stream('demo.things.watch.v1', {
  summary: 'Watch things',
  access,
  http: { method: 'GET', path: '/v1/things/events' },
  input: z.object({}),
  item: Thing,
  errors: [],
});
const takeThing = rpc('demo.things.take.v1', {
  summary: 'Take a signed thing',
  access: { public: true },
  http: { method: 'POST', path: '/v1/signed-things/{thingId}', status: 202, raw: { body: 'bytes', headers: 'given' } },
  input: z.object({ thingId: id('agt'), bytes: z.base64(), given: z.record(z.string(), z.string()) }),
  output: z.object({}),
  errors: ['unauthenticated'],
});
const exportThings = rpc('demo.things.export.v1', {
  summary: 'Export things',
  access,
  http: { method: 'GET', path: '/v1/things/export', export: { name: 'things' } },
  input: z.object({ cursor: pageQuery.cursor, kind: z.enum(['a', 'b']).optional() }),
  output: page(Thing),
  errors: [],
});
const hidden = rpc('demo.things.count.v1', {
  summary: 'Count things',
  access: { internal: true },
  input: z.object({}),
  output: z.object({ count: z.number() }),
  errors: [],
});

const document = openapi(
  buildRegistry([{ createThing, updateThing, listThings, deleteThing, watchThings, takeThing, exportThings, hidden }]),
  info,
);
const operation = (method: string, path: string) => document.paths[path]?.[method] as OpenApiOperation & Record<string, never>;
const refs = (method: string, path: string) =>
  operation(method, path).parameters.flatMap((parameter) =>
    '$ref' in parameter ? [String(parameter.$ref).split('/').at(-1)] : [],
  );

describe('openapi', () => {
  it('is a valid OpenAPI 3.1 document, for these contracts and for all of ours', async () => {
    const results = [await validate(document), await validate(openapi(everything, info))];

    expect(results).toEqual([{ valid: true }, { valid: true }]);
  });

  it('is judged by a validator that finds what is wrong', async () => {
    const { valid } = await validate({ ...document, info: { version: '1' } } as OpenApiDocument);

    expect(valid).toBe(false);
  });

  it('gives every operation of ours a schema for its request and for each of its answers', () => {
    const operations = Object.entries(openapi(everything, info).paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, found]) => ({ name: `${method} ${path}`, method, found })),
    );

    const { responses } = openapi(everything, info).components;
    const incomplete = operations.filter(({ method, found }) => !hasAllSchemas(method, found, responses)).map(({ name }) => name);

    expect(operations.length).toBe(everything.rpcs.filter(({ http }) => http !== undefined).length + everything.streams.length);
    expect(incomplete).toEqual([]);
  });

  it('shows contracts with a route only', () => {
    expect(Object.keys(document.paths)).toEqual([
      '/v1/signed-things/{thingId}',
      '/v1/things',
      '/v1/things/events',
      '/v1/things/export',
      '/v1/things/{thingId}',
    ]);
    expect(JSON.stringify(document)).not.toContain('demo.things.count.v1');
  });

  it('names operations after their subject, a later version with its number', () => {
    expect(operation('post', '/v1/things')).toMatchObject({ operationId: 'demoThingsCreate', tags: ['demo:things'] });
    expect(operation('get', '/v1/things').operationId).toBe('demoThingsListV2');
  });

  it('splits the input over path, query, headers and body', () => {
    const create = operation('post', '/v1/things');
    const update = operation('patch', '/v1/things/{thingId}');

    expect(create.requestBody).toMatchObject({
      required: true,
      content: {
        'application/json': {
          schema: { required: ['name'], additionalProperties: false, properties: { name: { examples: ['anvil'] } } },
        },
      },
    });
    expect(JSON.stringify(create.requestBody)).not.toContain('waitSeconds');
    expect(refs('post', '/v1/things')).toEqual(['TenantId', 'IdempotencyKey', 'Prefer', 'RequestId', 'TraceParent']);
    expect(refs('patch', '/v1/things/{thingId}')).toContain('IfMatch');
    expect(update.parameters[0]).toMatchObject({ name: 'thingId', in: 'path', required: true, schema: { type: 'string' } });
    expect(update.requestBody).toMatchObject({ required: false });
  });

  it('writes lists in the query with commas', () => {
    expect(operation('get', '/v1/things').parameters).toContainEqual(
      expect.objectContaining({ name: 'kind', in: 'query', required: false, style: 'form', explode: false }),
    );
  });

  it('lists success statuses with their headers, and no content for 204', () => {
    const created = operation('post', '/v1/things').responses['201'];
    const deleted = operation('delete', '/v1/things/{thingId}').responses['204'];

    expect(created).toMatchObject({ headers: { Location: {}, 'Idempotency-Replayed': {} }, content: { 'application/json': {} } });
    expect(deleted).not.toHaveProperty('content');
    expect(operation('patch', '/v1/things/{thingId}').responses['200']).toMatchObject({ headers: { ETag: {} } });
  });

  it('lists every error status with its codes', () => {
    const { responses } = operation('patch', '/v1/things/{thingId}');

    expect(Object.keys(responses)).toEqual(['200', '400', '401', '403', '404', '412', '413', '415', '429', '500', '503', '504']);
    expect(responses['404']).toEqual({ $ref: '#/components/responses/Error404.agent_not_found.tenant_not_found' });
    expect(document.components['responses']).toMatchObject({
      'Error404.agent_not_found.tenant_not_found': {
        content: {
          'application/problem+json': {
            schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { status: { const: 404 } } }] },
          },
        },
      },
    });
  });

  it('asks no credentials for a public contract and speaks of none', () => {
    const list = operation('get', '/v1/things');

    expect(list).toMatchObject({ security: [] });
    expect(Object.keys(list.responses)).toEqual(['200', '400', '500', '503', '504']);
  });

  it('keeps the two sides of a shape with defaults apart', () => {
    const { schemas } = document.components;

    expect(schemas['Part']).toMatchObject({ required: ['size'] });
    expect(schemas['PartInput']).not.toHaveProperty('required');
    expect(schemas['Thing']).toMatchObject({ properties: { part: { $ref: '#/components/schemas/Part' } } });
    expect(schemas).not.toHaveProperty('ThingInput');
  });

  it('leaves answers open for fields that come later', () => {
    expect(document.components.schemas['Thing']).not.toHaveProperty('additionalProperties');
  });

  it('shows a stream as server-sent events of its items', () => {
    expect(operation('get', '/v1/things/events').responses['200']).toMatchObject({
      content: { 'text/event-stream': { schema: { contentSchema: { $ref: '#/components/schemas/Thing' } } } },
    });
    expect(refs('get', '/v1/things/events')).toContain('LastEventId');
  });

  it('takes a raw body of any media type and shows none of the fields it goes to', () => {
    const take = operation('post', '/v1/signed-things/{thingId}');

    expect(Object.keys((take.requestBody as unknown as { content: object }).content)).toEqual([
      'application/json',
      'application/octet-stream',
    ]);
    expect(JSON.stringify(take)).not.toMatch(/bytes"|given/);
    expect(refs('post', '/v1/signed-things/{thingId}')).toEqual(['RequestId', 'TraceParent']);
    expect(Object.keys(take.responses)).toEqual(['202', '400', '401', '413', '415', '500', '503', '504']);
  });

  it('shows an export as a file in each of its forms, and asks for the form and not for a cursor', () => {
    const { parameters, responses } = operation('get', '/v1/things/export');

    expect(parameters.flatMap((parameter) => ('name' in parameter ? [parameter.name] : []))).toEqual(['kind', 'format']);
    expect(parameters).toContainEqual(
      expect.objectContaining({ required: false, schema: expect.objectContaining({ enum: ['csv', 'json', 'ndjson'] }) }),
    );
    expect(responses['200']).toMatchObject({
      headers: { 'Content-Disposition': {} },
      content: {
        'text/csv': {},
        'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Thing' } } },
        'application/x-ndjson': {},
      },
    });
  });

  it('refuses two shapes of one name', () => {
    const other = rpc('demo.others.get.v1', {
      summary: 'Get',
      access,
      http: { method: 'GET', path: '/v1/others' },
      input: z.object({}),
      output: z.object({ x: z.string() }).meta({ id: 'Problem' }),
      errors: [],
    });

    expect(() => openapi(buildRegistry([{ other }]), info)).toThrow('Problem');
  });
});

async function validate(given: OpenApiDocument) {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(given)) as Record<string, unknown>);
  return { valid, ...(errors === undefined ? {} : { errors }) };
}

function hasAllSchemas(method: string, { parameters, requestBody, responses }: OpenApiOperation, shared: unknown): boolean {
  const own = parameters.filter((parameter) => !('$ref' in parameter));
  const body = method === 'get' || method === 'delete' ? true : hasContent(requestBody);
  const answers = Object.entries(responses).every(
    ([status, response]) => status === '204' || hasContent(resolve(response, shared)),
  );
  return own.every((parameter) => 'schema' in parameter) && body && answers;
}

function resolve(response: object, shared: unknown): unknown {
  if (!('$ref' in response)) return response;
  return (shared as Record<string, unknown>)[String(response.$ref).split('/').at(-1) ?? ''];
}

function hasContent(part: unknown): boolean {
  const { content = {} } = (part ?? {}) as { content?: Record<string, { schema?: object }> };
  const schemas = Object.values(content).map(({ schema }) => schema);
  return schemas.length > 0 && schemas.every((schema) => schema !== undefined && Object.keys(schema).length > 0);
}
