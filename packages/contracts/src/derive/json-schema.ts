import { z } from 'zod';

/** A JSON Schema as zod writes it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Which side of a schema is meant: what a sender may write (`input`) or what a receiver gets (`output`). */
export type Direction = 'input' | 'output';

/** The JSON Schema dialects that the derived documents use. */
export type Dialect = 'draft-2020-12' | 'draft-07';

/** Collects the JSON Schemas of one document: shapes with `.meta({ id })` become named components, the rest stays inline. */
export class SchemaBook {
  readonly #components = new Map<string, JsonSchema>();

  /** `root` is where the document keeps its components, for example `#/components/schemas/`. */
  constructor(
    private readonly root: string,
    private readonly dialect: Dialect = 'draft-2020-12',
  ) {}

  /** The named shapes met so far, by name. */
  get components(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The schema of one side, with references into the components. */
  schema(schema: z.ZodType, direction: Direction): JsonSchema {
    const wanted = convert(schema, direction, this.dialect);
    const twoSided = namesThatDiffer(
      convert(schema, 'input', this.dialect).definitions,
      convert(schema, 'output', this.dialect).definitions,
    );
    const rename = (name: string) => (direction === 'input' && twoSided.has(name) ? `${name}Input` : name);
    for (const [name, definition] of Object.entries(wanted.definitions))
      this.#add(rename(name), this.#resolve(definition, rename));
    return this.#resolve(wanted.schema, rename);
  }

  #resolve(schema: JsonSchema, rename: (name: string) => string): JsonSchema {
    return rewriteReferences(schema, (name) => `${this.root}${rename(name)}`) as JsonSchema;
  }

  #add(name: string, schema: JsonSchema): void {
    const known = this.#components.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two different shapes are called ${name}`);
    }
    this.#components.set(name, schema);
  }
}

/** The JSON Schema of `schema` as it stands, with `$defs` for its named shapes. */
export function jsonSchemaOf(schema: z.ZodType, direction: Direction, dialect: Dialect = 'draft-2020-12'): JsonSchema {
  return z.toJSONSchema(schema, {
    io: direction,
    target: dialect,
    override: ({ zodSchema, jsonSchema }) => {
      // zod closes the output of every plain object; readers must tolerate fields that are added later.
      const { def } = zodSchema._zod;
      if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
    },
  });
}

interface Converted {
  readonly schema: JsonSchema;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

function convert(schema: z.ZodType, direction: Direction, dialect: Dialect): Converted {
  const { $schema: _, $defs, definitions, ...rest } = jsonSchemaOf(schema, direction, dialect);
  return { schema: rest, definitions: ($defs ?? definitions ?? {}) as Record<string, JsonSchema> };
}

const localReference = /^#\/(?:\$defs|definitions)\/(.+)$/;

function rewriteReferences(value: unknown, target: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => rewriteReferences(item, target));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key !== '$ref' || typeof item !== 'string') return [key, rewriteReferences(item, target)];
      const name = localReference.exec(item)?.[1];
      if (name === undefined) throw new Error(`a schema that contains itself needs .meta({ id }): ${item}`);
      return [key, target(name)];
    }),
  );
}

/** The named shapes whose two sides are not the same, themselves or through what they refer to. */
function namesThatDiffer(input: Readonly<Record<string, JsonSchema>>, output: Readonly<Record<string, JsonSchema>>): Set<string> {
  const names = Object.keys(input);
  const differing = new Set(names.filter((name) => JSON.stringify(input[name]) !== JSON.stringify(output[name])));
  for (let size = -1; size !== differing.size;) {
    size = differing.size;
    for (const name of names) {
      if ([...differing].some((other) => JSON.stringify(input[name]).includes(`/${other}"`))) differing.add(name);
    }
  }
  return differing;
}
