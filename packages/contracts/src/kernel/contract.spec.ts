import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { event, rpc, stream } from './contract.js';
import { eventSubject } from './envelope.js';
import { DomainError, fromProblem, parseOrThrow, toProblem } from './errors.js';
import { id } from './ids.js';
import { decodeCursor, encodeCursor, page } from './page.js';
import { buildRegistry, ofService } from './registry.js';
import { FreeObject, text } from './text.js';

const read = { resource: 'demo:things', level: 'read' } as const;

describe('rpc', () => {
  it('refuses a subject that is not <service>.<capability>.<verb>.vN', () => {
    expect(() =>
      rpc('demo.things', { summary: '', access: read, input: z.object({}), output: z.object({}), errors: [] }),
    ).toThrow('demo.things');
  });

  it('refuses a route whose path parameter is not an input field', () => {
    const declare = () =>
      rpc('demo.things.get.v1', {
        summary: 'Get',
        access: read,
        http: { method: 'GET', path: '/v1/things/{thingId}' },
        input: z.object({}),
        output: z.object({}),
        errors: [],
      });

    expect(declare).toThrow('thingId');
  });

  it('refuses a route for an internal contract', () => {
    const declare = () =>
      rpc('demo.things.get.v1', {
        summary: 'Get',
        access: { internal: true },
        http: { method: 'GET', path: '/v1/things' },
        input: z.object({}),
        output: z.object({}),
        errors: [],
      });

    expect(declare).toThrow('internal');
  });

  it.each([
    ['without the fields it names', 'POST', { body: z.string() }, 'headers'],
    ['on a method that has no body', 'GET', { body: z.string(), headers: z.object({}) }, 'GET'],
    ['beside fields that nothing fills', 'POST', { body: z.string(), headers: z.object({}), other: z.string() }, 'other'],
  ] as const)('refuses a raw route %s', (_, method, shape, named) => {
    const declare = () =>
      rpc('demo.things.take.v1', {
        summary: 'Take',
        access: { public: true },
        http: { method, path: '/v1/things', raw: { body: 'body', headers: 'headers' } },
        input: z.object(shape),
        output: z.object({}),
        errors: [],
      });

    expect(declare).toThrow(named);
  });

  const listed = { input: z.object({ cursor: z.string().optional() }), output: page(z.object({ id: z.string() })) };
  const exporting = ({ method = 'GET', ...shapes }: { method?: 'GET' | 'POST'; input?: z.ZodObject; output?: z.ZodType }) =>
    rpc('demo.things.export.v1', {
      summary: 'Export',
      access: read,
      http: { method, path: '/v1/things/export', export: { name: 'things' } },
      errors: [],
      ...listed,
      ...shapes,
    });

  it('takes a list as an export', () => {
    expect(exporting({}).http?.export).toEqual({ name: 'things' });
  });

  it.each([
    ['that is not read', { method: 'POST' }, 'GET'],
    ['that cannot go on', { input: z.object({}) }, 'cursor'],
    ['that takes the form itself', { input: listed.input.extend({ format: z.string() }) }, 'format'],
    ['of no list', { output: z.object({ nextCursor: z.string() }) }, 'page of objects'],
    ['of no entries with fields', { output: page(z.string()) }, 'page of objects'],
    ['of a list that has one page', { output: z.object({ data: z.array(z.object({})) }) }, 'page of objects'],
  ] as const)('refuses an export %s', (_, given, named) => {
    expect(() => exporting(given)).toThrow(named);
  });

  it('does not compile without access', () => {
    // @ts-expect-error access is required
    const declare = () => rpc('demo.things.get.v1', { summary: 'Get', input: z.object({}), output: z.object({}), errors: [] });

    expect(declare).toThrow(TypeError);
  });
});

describe('registry', () => {
  const get = rpc('demo.things.get.v1', {
    summary: 'Get',
    access: read,
    http: { method: 'GET', path: '/v1/things/{thingId}' },
    input: z.object({ thingId: z.string() }),
    output: z.object({}),
    errors: [],
  });
  const made = event('demo.things.made.v1', {
    summary: 'A thing was made',
    data: z.object({ thingId: z.string() }),
    resource: (data) => `thing:${data.thingId}`,
    audit: 'data_modified',
  });
  const watch = stream('other.things.watch.v1', {
    summary: 'Watch',
    access: read,
    http: { method: 'GET', path: '/v1/others' },
    input: z.object({}),
    item: z.object({}),
    errors: [],
  });

  it('collects contracts by kind and by service', () => {
    const registry = buildRegistry([{ get, made, watch, helper: 3 }]);

    expect(registry.rpcs).toEqual([get]);
    expect(ofService(registry, 'demo').events).toEqual([made]);
    expect(ofService(registry, 'demo').streams).toEqual([]);
  });

  it('refuses a subject declared twice', () => {
    expect(() => buildRegistry([{ get }, { other: { ...get } }])).toThrow('declared twice: demo.things.get.v1');
  });

  it('refuses a route declared twice, whatever its parameters are called', () => {
    const twin = rpc('demo.things.fetch.v1', {
      summary: 'Fetch',
      access: read,
      http: { method: 'GET', path: '/v1/things/{id}' },
      input: z.object({ id: z.string() }),
      output: z.object({}),
      errors: [],
    });

    expect(() => buildRegistry([{ get, twin }])).toThrow('declared twice: GET /v1/things/{}');
  });
});

describe('errors', () => {
  it('keeps an unknown error to itself', () => {
    const problem = toProblem(new Error('password=hunter2'), 'cor_1');

    expect(problem).toMatchObject({ code: 'internal', status: 500, correlationId: 'cor_1' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it('survives the wire', () => {
    const error = fromProblem(toProblem(new DomainError('run_not_found', 'No run run_1', { facts: { secret: 1 } })));

    expect(error).toMatchObject({ code: 'run_not_found', detail: 'No run run_1', facts: {} });
  });

  it('names every issue by JSON pointer, unknown fields one by one', () => {
    const schema = z.strictObject({ 'a/b': z.object({ c: z.string() }) });

    expect(() => parseOrThrow(schema, { 'a/b': { c: 1 }, x: 1, y: 2 })).toThrow(
      expect.objectContaining({
        code: 'validation_failed',
        issues: [
          expect.objectContaining({ path: '/a~1b/c' }),
          expect.objectContaining({ path: '/x' }),
          expect.objectContaining({ path: '/y' }),
        ],
      }),
    );
  });
});

describe('ids, text, cursors, subjects', () => {
  it('accepts only ids of its own prefix', () => {
    expect(id('ten').safeParse('ten_01jd5m6wz5f9r8x2k3c4v7b6n1').success).toBe(true);
    expect(id('ten').safeParse('run_01jd5m6wz5f9r8x2k3c4v7b6n1').success).toBe(false);
    expect(id('ten').safeParse('ten_*').success).toBe(false);
    expect(id('ten').safeParse('ten_91jd5m6wz5f9r8x2k3c4v7b6n1').success).toBe(false);
  });

  it.each(['a\u0000b', '\ud800', ''])('refuses text that cannot be stored: %j', (value) => {
    expect(text(10).safeParse(value).success).toBe(false);
  });

  it('refuses objects that are too deep, carry NUL or set a prototype', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100; level += 1) deep = { deep };

    expect(FreeObject.safeParse({ deep }).success).toBe(false);
    expect(FreeObject.safeParse({ a: ['\u0000'] }).success).toBe(false);
    expect(FreeObject.safeParse(JSON.parse('{"a":{"__proto__":1}}')).success).toBe(false);
    expect(FreeObject.safeParse({ a: [1, null, 'x', { b: true }] }).success).toBe(true);
  });

  it('gives a cursor back as it was, and nothing for a foreign one', () => {
    expect(decodeCursor(encodeCursor(['2026-01-01', 'run_1']), 2)).toEqual(['2026-01-01', 'run_1']);
    expect(decodeCursor(encodeCursor(['a']), 2)).toBeUndefined();
    expect(decodeCursor('%%%', 1)).toBeUndefined();
  });

  it('puts the tenant and the version into the event subject', () => {
    expect(eventSubject('hitl.requests.decided.v1', 'ten_1')).toBe('support101.v1.ten_1.hitl.requests.decided');
  });
});
