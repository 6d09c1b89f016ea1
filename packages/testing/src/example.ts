import { z } from 'zod';

type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * A value that the schema accepts, made from its examples, defaults, and bounds; `overrides` replace fields of an object.
 * Throws when what it made is not accepted: then a part of the schema needs `.meta({ examples })`.
 */
export function anExampleOf<S extends z.ZodType>(schema: S, overrides: Partial<z.input<S>> = {}): z.output<S> {
  const made = exampleOfJsonSchema(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return schema.parse(isObject(made) ? { ...made, ...overrides } : made);
}

/** A value for a JSON schema of draft 2020-12: required properties only, the smallest that fits. */
export function exampleOfJsonSchema(schema: JsonSchema, root: JsonSchema = schema): unknown {
  const given = givenExample(schema);
  if (given.length > 0) return given[0];
  if (typeof schema['$ref'] === 'string') return exampleOfJsonSchema(resolve(schema['$ref'], root), root);
  const variants = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
  if (variants?.[0] !== undefined) return exampleOfJsonSchema(variants[0], root);
  if (Array.isArray(schema['allOf'])) {
    return Object.assign({}, ...(schema['allOf'] as JsonSchema[]).map((part) => exampleOfJsonSchema(part, root)));
  }
  return exampleOfType(schema, root);
}

function givenExample(schema: JsonSchema): unknown[] {
  const { examples, enum: values } = schema as { examples?: unknown[]; enum?: unknown[] };
  for (const key of ['const', 'default']) if (key in schema) return [schema[key]];
  return examples ?? values ?? [];
}

function exampleOfType(schema: JsonSchema, root: JsonSchema): unknown {
  const type = Array.isArray(schema['type']) ? (schema['type'][0] as unknown) : schema['type'];
  switch (type) {
    case 'string':
      return exampleText(schema);
    case 'integer':
    case 'number':
      return exampleNumber(schema);
    case 'boolean':
      return true;
    case 'array':
      return Array.from({ length: (schema['minItems'] as number | undefined) ?? 0 }, () =>
        exampleOfJsonSchema((schema['items'] ?? {}) as JsonSchema, root),
      );
    case 'object':
      return exampleObject(schema, root);
    default:
      return null;
  }
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

function exampleObject(schema: ObjectSchema, root: JsonSchema): Record<string, unknown> {
  const required = schema.required ?? [];
  return Object.fromEntries(required.map((key) => [key, exampleOfJsonSchema(schema.properties?.[key] ?? {}, root)]));
}

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-05T09:00:00.000Z',
  date: '2026-01-05',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '0193d1a4-7c00-7000-8000-000000000000',
};

function exampleText({ format, minLength = 0 }: { format?: string; minLength?: number }): string {
  return (format === undefined ? undefined : formats[format]) ?? 'text'.padEnd(minLength, ' text');
}

function exampleNumber(schema: { minimum?: number; exclusiveMinimum?: number; maximum?: number }): number {
  const lowest = schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + 1);
  // zod writes the range of safe integers as bounds; nobody means those as an example.
  if (lowest !== undefined && lowest > Number.MIN_SAFE_INTEGER) return lowest;
  return Math.min(1, schema.maximum ?? 1);
}

function resolve(reference: string, root: JsonSchema): JsonSchema {
  if (reference === '#') return root;
  const path = reference.slice(2).split('/');
  return path.reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), root) as JsonSchema;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
