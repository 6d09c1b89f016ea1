import { describe, expect, it } from '@jest/globals';
import type { Issue } from '@support101/contracts';
import { jsonSchemaOf } from '@support101/contracts/derive';
import { z } from 'zod';
import { ExpiringMap } from './expiring-map.js';
import { unstorablePart } from './storable-json.js';
import { textReader } from './text-values.js';
import { maxIssues, unknownFieldCheck } from './unknown-fields.js';

const unknownIn = (schema: z.ZodType, value: unknown): string[] => {
  const found: Issue[] = [];
  unknownFieldCheck(jsonSchemaOf(schema, 'input'))(value, '', found);
  return found.map(({ path }) => path);
};

describe('unknownFieldCheck', () => {
  const Part = z.object({ size: z.number() });
  const Tree = z.object({
    name: z.string(),
    get children(): z.ZodOptional<z.ZodArray<z.ZodType>> {
      return z.array(Tree).optional();
    },
  });
  const Shape = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('dot') }),
    z.object({ kind: z.literal('line'), length: z.number() }),
  ]);

  it.each([
    ['known fields', z.object({ part: Part }), { part: { size: 1 } }, []],
    ['a field that does not belong', z.object({ part: Part }), { part: { size: 1, 'a/b': 2 }, x: 1 }, ['/part/a~1b', '/x']],
    ['a list', z.object({ parts: z.array(Part) }), { parts: [{ size: 1 }, { y: 1 }] }, ['/parts/1/y']],
    ['a pair', z.object({ pair: z.tuple([Part, z.string()]) }), { pair: [{ z: 1 }, 'x'] }, ['/pair/0/z']],
    ['a map of objects', z.record(z.string(), Part), { a: { size: 1, b: 2 } }, ['/a/b']],
    ['a free map', z.record(z.string(), z.unknown()), { a: { size: 1 } }, []],
    ['anything', z.unknown(), { a: 1 }, []],
    ['an open object', z.looseObject({ part: Part }), { more: 1, part: { more: 1 } }, ['/part/more']],
    ['an empty object', z.object({}), { a: 1 }, ['/a']],
    ['null where an object may be', z.object({ part: Part.nullable() }), { part: null }, []],
    ['an object where null may be', z.object({ part: Part.nullable() }), { part: { x: 1 } }, ['/part/x']],
    ['a tree', Tree, { name: 'a', children: [{ name: 'b', children: [{ name: 'c', x: 1 }] }] }, ['/children/0/children/0/x']],
    ['a variant by its kind', Shape, { kind: 'dot', length: 1 }, ['/length']],
    ['another variant by its kind', Shape, { kind: 'line', length: 1 }, []],
    ['a kind that is none: the schema says so', Shape, { kind: 'arc', radius: 1 }, []],
    ['the variant that fits best', z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]), { b: 'x', c: 1 }, ['/c']],
    ['a wrong type: the schema says so', z.object({ part: Part }), { part: 'x' }, []],
  ])('finds what is unknown in %s', (_, schema, value, expected) => {
    expect(unknownIn(schema, value)).toEqual(expected);
  });

  it('ends after some', () => {
    const value = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]));

    expect(unknownIn(z.object({}), value)).toHaveLength(maxIssues);
  });
});

describe('textReader', () => {
  it.each([
    ['text', z.string(), '12', '12'],
    ['a number', z.number(), '-1.5e3', -1_500],
    ['a number with a default', z.number().int().default(3), '7', 7],
    ['no number', z.number(), ' 1', ' 1'],
    ['no number', z.number(), '01', '01'],
    ['no number', z.number(), 'Infinity', 'Infinity'],
    ['a boolean', z.boolean(), 'true', true],
    ['a boolean', z.boolean().optional(), 'false', false],
    ['no boolean', z.boolean(), '1', '1'],
    ['a value of a list', z.enum(['1', '2']), '1', '1'],
    ['a number or null', z.number().nullable(), '4', 4],
    ['text or a number', z.union([z.string(), z.number()]), '4', '4'],
    ['a constant', z.literal(4), '4', 4],
    ['a list of numbers', z.array(z.number()), '1,2', [1, 2]],
    ['an empty list', z.array(z.string()), '', []],
    ['a named shape', z.object({ x: z.number().meta({ id: 'TextReaderNumber' }) }).shape.x, '4', 4],
  ])('reads %s', (_, schema, text, expected) => {
    const json = jsonSchemaOf(z.object({ value: schema }), 'input');

    expect(textReader(json.properties?.['value'] as never, json)(text)).toEqual(expected);
  });

  it('refuses at boot what cannot be written in a URL', () => {
    expect(() => textReader(jsonSchemaOf(z.object({}), 'input'))).toThrow('object');
  });
});

describe('unstorablePart', () => {
  it.each([
    ['{"a":["\\u0000"]}', '/a/0'],
    ['{"a/b":"\\udfff"}', '/a~1b'],
    ['{"\\ud800":1}', '/\ufffd'],
    ['{"a":{"__proto__":1}}', '/a/__proto__'],
    ['{"a":-1e999}', '/a'],
    ['{"a":9007199254740993}', '/a'],
    [`${'['.repeat(65)}${']'.repeat(65)}`, '/0'.repeat(64)],
  ])('finds it in %s', (json, path) => {
    expect(unstorablePart(JSON.parse(json))?.path).toBe(path);
  });

  it.each([
    '{"a":[1,-0,1.5,true,null,"\\ud83d\\ude00"]}',
    '{"constructor":{"prototype":1}}',
    `${'['.repeat(64)}${']'.repeat(64)}`,
  ])('finds none in %s', (json) => {
    expect(unstorablePart(JSON.parse(json))).toBeUndefined();
  });
});

describe('ExpiringMap', () => {
  it('forgets at the time given, by wish, and what was set first when it is full', () => {
    const map = new ExpiringMap<number>(2);

    map.set('a', 1, 10);
    map.set('b', 2, 20);
    const early = map.get('a', 9);
    const late = map.get('a', 10);
    map.set('c', 3, 20);
    map.set('d', 4, 20);
    map.forget((value) => value === 4);

    expect([early, late, map.get('b', 11), map.get('c', 11), map.get('d', 11)]).toEqual([1, undefined, undefined, 3, undefined]);
  });
});
