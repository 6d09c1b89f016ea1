import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { event, rpc, type HttpBinding } from '../kernel/contract.js';
import type { Access } from '../kernel/access.js';
import { page } from '../kernel/page.js';
import { buildRegistry } from '../kernel/registry.js';
import { breakingChanges } from './compatibility.js';
import { snapshot } from './snapshot.js';

const Leaf = z.object({ name: z.string(), colour: z.enum(['red', 'green']) });
const base = {
  access: { resource: 'demo:things', level: 'read' } as Access,
  http: { method: 'POST', path: '/v1/things/{thingId}' } as HttpBinding,
  input: z.object({
    thingId: z.string(),
    title: z.string().max(100),
    size: z.number().optional(),
    tags: z.array(z.string()).optional(),
    mode: z.enum(['fast', 'slow']).optional(),
    extra: z.record(z.string(), z.unknown()).optional(),
  }) as z.ZodObject,
  output: z.object({
    id: z.string(),
    count: z.number().int(),
    leaf: Leaf,
    note: z.string().nullable(),
    list: z.array(Leaf),
  }) as z.ZodObject,
};

function take(change: Partial<typeof base> = {}, subject = 'demo.things.get.v1') {
  return snapshot(buildRegistry([{ get: rpc(subject, { summary: 'Get', errors: [], ...base, ...change }) }]));
}
const input = (shape: z.ZodRawShape) => take({ input: base.input.extend(shape) });
const output = (shape: z.ZodRawShape) => take({ output: base.output.extend(shape) });
const leaf = (shape: z.ZodRawShape) => output({ leaf: Leaf.extend(shape) });

describe('breakingChanges', () => {
  it.each([
    ['nothing', take()],
    ['a new optional input', input({ more: z.string().optional() })],
    ['a new output', output({ more: z.string() })],
    ['a new nested output', leaf({ more: z.string() })],
    ['a longer text accepted', input({ title: z.string().max(200) })],
    ['an input that may be left out now', input({ title: z.string().max(100).optional() })],
    ['another value accepted', input({ mode: z.enum(['fast', 'slow', 'idle']).optional() })],
    ['another value answered', leaf({ colour: z.enum(['red', 'green', 'blue']) })],
    ['an input that may be null', input({ size: z.number().nullable().optional() })],
    ['a note that is never null', output({ note: z.string() })],
    ['an integer where any number was promised', output({ count: z.number().int().min(0) })],
    ['a new error code', snapshotWithErrors()],
  ])('lets pass: %s', (_, next) => {
    expect(breakingChanges(take(), next)).toEqual([]);
  });

  it.each([
    ['a removed input', take({ input: base.input.omit({ tags: true }) }), '/input/tags', 'was removed'],
    ['a new required input', input({ more: z.string() }), '/input/more', 'is new and required'],
    ['an input that became required', input({ size: z.number() }), '/input/size', 'is required now'],
    ['a retyped input', input({ size: z.string().optional() }), '/input/size', 'was number, is string'],
    [
      'an integer where any number was accepted',
      input({ size: z.number().int().optional() }),
      '/input/size',
      'was number, is integer',
    ],
    ['a shorter text accepted', input({ title: z.string().max(10) }), '/input/title', 'maxLength is tighter: was 100, is 10'],
    ['a pattern added to an input', input({ title: z.string().max(100).regex(/^a/) }), '/input/title', 'the pattern changed'],
    [
      'a narrowed enumeration',
      input({ mode: z.enum(['fast']).optional() }),
      '/input/mode',
      'no longer one of the values: "slow"',
    ],
    [
      'an enumeration where any text was accepted',
      input({ title: z.enum(['a']) }),
      '/input/title',
      'only some values are accepted now',
    ],
    ['free fields closed', input({ extra: z.object({}).optional() }), '/input/extra/*', 'free fields are not accepted any more'],
    ['a removed output', take({ output: base.output.omit({ count: true }) }), '/output/count', 'was removed'],
    ['a retyped output', output({ id: z.number() }), '/output/id', 'was string, is number'],
    ['an output that may be missing', output({ id: z.string().optional() }), '/output/id', 'may be missing now'],
    ['an output that may be null', output({ id: z.string().nullable() }), '/output/id', 'was string, is string or null'],
    ['a nested output removed', output({ leaf: Leaf.omit({ name: true }) }), '/output/leaf/name', 'was removed'],
    ['an item’s field removed', output({ list: z.array(Leaf.omit({ name: true })) }), '/output/list/*/name', 'was removed'],
    ['an object that may be null', output({ leaf: Leaf.nullable() }), '/output/leaf', 'may be null now'],
    [
      'a value that is not answered any more',
      leaf({ colour: z.enum(['red', 'blue']) }),
      '/output/leaf/colour',
      'no longer one of the values: "green"',
    ],
    [
      'another level of access',
      take({ access: { resource: 'demo:things', level: 'admin' } }),
      '/access',
      'is {"resource":"demo:things","level":"admin"}',
    ],
    ['another method', take({ http: { ...base.http, method: 'PUT' } }), '/http/method', 'was "POST", is "PUT"'],
    ['another path', take({ http: { ...base.http, path: '/v1/other/{thingId}' } }), '/http/path', 'is "/v1/other/{}"'],
    ['another status', take({ http: { ...base.http, status: 201 } }), '/http/statuses', 'was [200], is [201]'],
    ['no contract any more', take({}, 'demo.things.find.v1'), '', 'the contract was removed'],
  ])('reports %s', (_, next, path, change) => {
    expect(breakingChanges(take(), next)).toEqual([
      { contract: 'demo.things.get.v1', path, change: expect.stringContaining(change) },
    ]);
  });

  it('reports an export that is an ordinary list now', () => {
    const list = { input: z.object({ cursor: z.string().optional() }), output: page(Leaf) };
    const http = { method: 'GET', path: '/v1/things' } as HttpBinding;
    const before = take({ ...list, http: { ...http, export: { name: 'things' } } });

    expect(breakingChanges(before, take({ ...list, http }))).toEqual([
      { contract: 'demo.things.get.v1', path: '/http/export', change: 'was removed' },
    ]);
  });

  it('reports a renamed output as removed', () => {
    const next = take({ output: base.output.omit({ id: true }).extend({ thingId: z.string() }) });

    expect(breakingChanges(take(), next)).toEqual([expect.objectContaining({ path: '/output/id', change: 'was removed' })]);
  });

  it('reports a removed route', () => {
    const { http: _, ...rest } = base;
    const next = snapshot(buildRegistry([{ get: rpc('demo.things.get.v1', { summary: 'Get', errors: [], ...rest }) }]));

    expect(breakingChanges(take(), next)).toEqual([expect.objectContaining({ path: '/http', change: 'the route was removed' })]);
  });

  it('lets a version go only when its successor stood beside it before', () => {
    const http = { method: 'GET', path: '/v1/more/{thingId}' } as const;
    const first = rpc('demo.things.get.v1', { summary: 'Get', errors: [], ...base });
    const second = rpc('demo.things.get.v2', { summary: 'Get', errors: [], ...base, http });

    const both = snapshot(buildRegistry([{ first, second }]));
    const later = snapshot(buildRegistry([{ second }]));

    expect(breakingChanges(both, later)).toEqual([]);
    expect(breakingChanges(take(), later)).toEqual([expect.objectContaining({ change: 'the contract was removed' })]);
  });

  it('compares unions variant by variant', () => {
    const kind = <K extends string>(k: K, shape: z.ZodRawShape) => z.object({ kind: z.literal(k), ...shape });
    const union = (...variants: [z.ZodObject, ...z.ZodObject[]]) =>
      output({ id: z.discriminatedUnion('kind', variants as never) });
    const before = union(kind('a', { x: z.string() }), kind('b', { y: z.string() }));

    const widened = union(kind('a', { x: z.string() }), kind('b', { y: z.string() }), kind('c', {}));
    const changed = union(kind('a', { x: z.string() }), kind('b', { y: z.number() }));

    expect(breakingChanges(before, widened)).toEqual([]);
    expect(breakingChanges(before, changed)).toEqual([
      { contract: 'demo.things.get.v1', path: '/output/id', change: 'the variant b was removed or changed' },
    ]);
  });

  it('follows named shapes, also those that contain themselves', () => {
    const tree = (shape: z.ZodRawShape) => {
      const Tree: z.ZodType = z
        .object({
          ...shape,
          get children() {
            return z.array(Tree);
          },
        })
        .meta({ id: 'Tree' });
      return output({ tree: Tree });
    };
    const before = tree({ name: z.string() });
    const after = tree({ name: z.number() });

    expect(breakingChanges(before, before)).toEqual([]);
    expect(breakingChanges(before, after)).toEqual([expect.objectContaining({ path: '/output/tree/name' })]);
  });

  it('compares the data of events as an answer', () => {
    const made = (data: z.ZodObject) =>
      snapshot(
        buildRegistry([
          { made: event('demo.things.made.v1', { summary: 'Made', data, resource: () => 'x:y', audit: 'data_modified' }) },
        ]),
      );

    const found = breakingChanges(
      made(z.object({ a: z.string(), b: z.string() })),
      made(z.object({ a: z.string(), c: z.string() })),
    );

    expect(found).toEqual([{ contract: 'demo.things.made.v1', path: '/output/b', change: 'was removed' }]);
  });

  it('reports another kind', () => {
    const before = take();
    const now = before.contracts['demo.things.get.v1'];
    const after = { ...before, contracts: { 'demo.things.get.v1': { ...now, kind: 'stream' as const, summary: '' } } };

    expect(breakingChanges(before, after)).toEqual([expect.objectContaining({ path: '/kind', change: 'was rpc, is stream' })]);
  });
});

function snapshotWithErrors() {
  return snapshot(buildRegistry([{ get: rpc('demo.things.get.v1', { summary: 'Get', ...base, errors: ['agent_busy'] }) }]));
}
