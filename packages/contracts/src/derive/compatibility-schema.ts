import type { Direction, JsonSchema } from './json-schema.js';

/** A schema with the named schemas that its references point to. */
export interface SchemaInBook {
  readonly schema: JsonSchema;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/** A difference and where it is, as a JSON pointer. */
export interface SchemaBreak {
  readonly path: string;
  readonly change: string;
}

/**
 * What in `after` breaks those who rely on `before`: as an input, what was accepted must still be; as an output, what
 * was promised must still come. New optional inputs, new outputs and new values of an output's enumeration are fine.
 */
export function schemaBreaks(direction: Direction, before: SchemaInBook, after: SchemaInBook, path: string): SchemaBreak[] {
  return new Comparison(direction, before.schemas, after.schemas).compare(before.schema, after.schema, path);
}

type Schemas = SchemaInBook['schemas'];

class Comparison {
  /** Pairs of named schemas under comparison: a shape that contains itself ends here. */
  readonly #open = new Set<string>();

  constructor(
    private readonly direction: Direction,
    private readonly was: Schemas,
    private readonly is: Schemas,
  ) {}

  compare(before: JsonSchema, after: JsonSchema, path: string): SchemaBreak[] {
    const pair = `${before.$ref ?? ''} ${after.$ref ?? ''}`;
    if (pair !== ' ' && this.#open.has(pair)) return [];
    this.#open.add(pair);
    const [old, now] = [resolve(before, this.was), resolve(after, this.is)];
    const found = isUnion(old) || isUnion(now) ? this.#variants(old, now, path) : this.#plain(old, now, path);
    this.#open.delete(pair);
    return found;
  }

  #plain(old: JsonSchema, now: JsonSchema, path: string): SchemaBreak[] {
    const retyped = this.#types(old, now, path);
    if (retyped.length > 0) return retyped;
    return [
      ...this.#values(old, now, path),
      ...this.#form(old, now, path),
      ...this.#properties(old, now, path),
      ...this.#children(old, now, path),
    ];
  }

  #types(old: JsonSchema, now: JsonSchema, path: string): SchemaBreak[] {
    const [were, are] = [typesOf(old), typesOf(now)];
    const [must, may] = this.direction === 'input' ? [were, are] : [are, were];
    // No type at all means any value.
    const fits = may.length === 0 || (must.length > 0 && must.every((type) => covers(may, type)));
    return fits ? [] : [{ path, change: `was ${shown(were)}, is ${shown(are)}` }];
  }

  #values(old: JsonSchema, now: JsonSchema, path: string): SchemaBreak[] {
    const [were, are] = [valuesOf(old), valuesOf(now)];
    if (are === undefined) return [];
    if (were === undefined) return this.direction === 'input' ? [{ path, change: 'only some values are accepted now' }] : [];
    const gone = were.filter((value) => !are.includes(value));
    return gone.length === 0 ? [] : [{ path, change: `no longer one of the values: ${gone.join(', ')}` }];
  }

  #form(old: JsonSchema, now: JsonSchema, path: string): SchemaBreak[] {
    const changed = (['pattern', 'format'] as const).filter(
      (key) => old[key] !== now[key] && (old[key] !== undefined || this.direction === 'input'),
    );
    const tighter = this.direction === 'input' ? boundaries.filter((boundary) => isTighter(boundary, old, now)) : [];
    return [
      ...changed.map((key) => ({ path, change: `the ${key} changed` })),
      ...tighter.map(({ key }) => ({
        path,
        change: `${key} is tighter: was ${String(old[key] ?? 'none')}, is ${String(now[key])}`,
      })),
    ];
  }

  #properties(old: JsonSchema, now: JsonSchema, path: string): SchemaBreak[] {
    const [were, are] = [propertiesOf(old), propertiesOf(now)];
    const [needed, needs] = [new Set(old.required), new Set(now.required)];
    const found: SchemaBreak[] = [];
    for (const [name, schema] of Object.entries(were)) {
      const at = `${path}/${name}`;
      const other = are[name];
      if (other === undefined) found.push({ path: at, change: 'was removed' });
      else found.push(...this.compare(schema, other, at));
    }
    if (this.direction === 'input') {
      const added = [...needs].filter((name) => !needed.has(name));
      found.push(
        ...added.map((name) => ({ path: `${path}/${name}`, change: name in were ? 'is required now' : 'is new and required' })),
      );
    } else {
      const optional = [...needed].filter((name) => name in are && !needs.has(name));
      found.push(...optional.map((name) => ({ path: `${path}/${name}`, change: 'may be missing now' })));
    }
    return found;
  }

  #children(old: JsonSchema, now: JsonSchema, path: string): SchemaBreak[] {
    const found: SchemaBreak[] = [];
    for (const key of ['items', 'additionalProperties'] as const) {
      const [was, is] = [old[key], now[key]];
      if (isSchema(was) && isSchema(is)) found.push(...this.compare(was, is, `${path}/*`));
      else if (isSchema(was) && this.direction === 'input')
        found.push({ path: `${path}/*`, change: 'free fields are not accepted any more' });
    }
    const [were, are] = [tupleOf(old), tupleOf(now)];
    if (were.length !== are.length) found.push({ path, change: `had ${were.length} places, has ${are.length}` });
    else were.forEach((item, index) => found.push(...this.compare(item, are[index] as JsonSchema, `${path}/${index}`)));
    return found;
  }

  /** Each old variant must fit one of the new ones; an answer must besides stay within the types it had (null is one). */
  #variants(old: JsonSchema, now: JsonSchema, path: string): SchemaBreak[] {
    const [were, are] = [variantsOf(old), variantsOf(now)];
    const lost = were.filter((variant) => are.every((candidate) => this.compare(variant, candidate, path).length > 0));
    const had = new Set(were.flatMap((variant) => typesOf(resolve(variant, this.was))));
    const types = this.direction === 'output' ? are.flatMap((variant) => typesOf(resolve(variant, this.is))) : [];
    return [
      ...lost.map((variant) => ({ path, change: `the variant ${labelOf(variant, this.was)} was removed or changed` })),
      ...types.filter((type) => !covers([...had], type)).map((type) => ({ path, change: `may be ${type} now` })),
    ];
  }
}

const boundaries = [
  { key: 'minLength', sign: 1 },
  { key: 'minItems', sign: 1 },
  { key: 'minimum', sign: 1 },
  { key: 'exclusiveMinimum', sign: 1 },
  { key: 'maxLength', sign: -1 },
  { key: 'maxItems', sign: -1 },
  { key: 'maximum', sign: -1 },
  { key: 'exclusiveMaximum', sign: -1 },
] as const;

function isTighter({ key, sign }: (typeof boundaries)[number], old: JsonSchema, now: JsonSchema): boolean {
  const [was, is] = [old[key], now[key]];
  if (typeof is !== 'number') return false;
  return typeof was !== 'number' || (is - was) * sign > 0;
}

function resolve(schema: JsonSchema, schemas: Schemas): JsonSchema {
  if (schema.$ref === undefined) return schema;
  return schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] ?? {};
}

function isUnion(schema: JsonSchema): boolean {
  return schema.anyOf !== undefined || schema.oneOf !== undefined;
}

function variantsOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf ?? schema.oneOf ?? [schema];
}

/** The types a value may have; none stands for any. */
function typesOf(schema: JsonSchema): readonly string[] {
  if (schema.type !== undefined) return [schema.type].flat();
  return [...new Set((valuesOf(schema) ?? []).map((value) => (value === 'null' ? 'null' : typeof JSON.parse(value))))];
}

function covers(types: readonly string[], type: string): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'));
}

/** The only values allowed, as JSON; undefined when there is no such list. */
function valuesOf(schema: JsonSchema): readonly string[] | undefined {
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  return values?.map((value) => JSON.stringify(value));
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

function tupleOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.prefixItems ?? []) as JsonSchema[];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function labelOf(schema: JsonSchema, schemas: Schemas): string {
  const { title, properties, type } = resolve(schema, schemas);
  const tags = Object.values((properties ?? {}) as Record<string, JsonSchema>).flatMap(({ const: value }) =>
    value === undefined ? [] : [String(value)],
  );
  return title ?? tags[0] ?? schema.$ref?.split('/').at(-1) ?? shown([type ?? []].flat());
}

function shown(types: readonly string[]): string {
  return types.length === 0 ? 'anything' : types.join(' or ');
}
