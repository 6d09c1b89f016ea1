import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { registry as everything } from '../all.js';
import { event, rpc } from '../kernel/contract.js';
import { TenantId } from '../kernel/ids.js';
import { buildRegistry } from '../kernel/registry.js';
import { asyncapi } from './asyncapi.js';
import { subjects } from './subjects.js';

const require = createRequire(import.meta.url);
const info = { title: 'Test', version: '1.2.3' };
const thingMade = event('demo.things.made.v1', {
  summary: 'A thing was made',
  data: z.object({ tenantId: TenantId, size: z.number().default(1) }),
  resource: (data) => `thing:${data.size}`,
  audit: 'data_modified',
});
const makeThing = rpc('demo.things.make.v1', {
  summary: 'Make a thing | or two',
  access: { resource: 'demo:things', level: 'execute' },
  http: { method: 'POST', path: '/v1/things' },
  input: z.object({}),
  output: z.object({}),
  errors: ['agent_busy'],
});
const registry = buildRegistry([{ thingMade, makeThing }]);

describe('asyncapi', () => {
  it('is a valid AsyncAPI 3.0 document, for these contracts and for all of ours', () => {
    const specs = require('@asyncapi/specs') as { schemas: Record<string, object> };
    const validator = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false, validateSchema: false });
    const validate = validator.compile(specs.schemas['3.0.0'] as object);

    const results = [asyncapi(registry, info), asyncapi(everything, info)].map((document) => {
      return { valid: validate(JSON.parse(JSON.stringify(document))), errors: validate.errors ?? [] };
    });

    expect(results).toEqual([
      { valid: true, errors: [] },
      { valid: true, errors: [] },
    ]);
  });

  it('has one channel for each event, on the subject it is published to', () => {
    const { channels } = asyncapi(registry, info);

    expect(Object.values(channels).map(({ address }) => address)).toEqual(['support101.v1.{tenantId}.demo.things.made']);
  });

  it('puts the data of the event into the envelope', () => {
    const { components } = asyncapi(registry, info);

    expect(components.messages['demoThingsMade']).toMatchObject({
      payload: {
        allOf: [
          { $ref: '#/components/schemas/EventEnvelope' },
          { properties: { type: { const: 'demo.things.made.v1' }, data: { required: ['tenantId', 'size'] } } },
        ],
      },
    });
    expect(components.schemas).toHaveProperty('EventEnvelope');
  });
});

describe('subjects', () => {
  it('lists commands and events by service, with bars escaped', () => {
    const page = subjects(registry);

    expect(page).toContain('## Demo');
    expect(page).toContain(
      '| `demo.things.make.v1` | Make a thing \\| or two | execute on demo:things | `POST /v1/things` | agent_busy |',
    );
    expect(page).toContain('| `support101.v1.<tenantId>.demo.things.made` | A thing was made | data_modified |');
    expect(page).not.toContain('### Streams');
  });
});
