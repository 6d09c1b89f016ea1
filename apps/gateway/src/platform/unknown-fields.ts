import type { Issue } from '@support101/contracts';
import type { JsonSchema } from '@support101/contracts/derive';
import { pointerPart } from './storable-json.js';

/** The search for issues ends here: nobody reads more, and a hostile body could make a hundred thousand. */
export const maxIssues = 20;

/** Adds an issue for each field of `value` that the schema does not know, up to `maxIssues`. */
export type FieldCheck = (value: unknown, path: string, found: Issue[]) => void;

/**
 * Compiles the search for unknown fields, at every depth: services strip what they do not know, but at the edge a
 * mistyped field must not be dropped in silence. `root` holds the `$defs`.
 */
export function unknownFieldCheck(schema: JsonSchema, root: JsonSchema = schema): FieldCheck {
  return new Compiler(root).compile(schema) ?? nothing;
}

const nothing: FieldCheck = () => undefined;

class Compiler {
  readonly #byReference = new Map<string, FieldCheck>();

  constructor(private readonly root: JsonSchema) {}

  /** Undefined where there is nothing to find: scalars and free values. */
  compile(schema: JsonSchema): FieldCheck | undefined {
    if (schema.$ref !== undefined) return this.#reference(schema.$ref);
    const variants = schema.anyOf ?? schema.oneOf;
    if (variants !== undefined) return this.#variants(variants);
    if (schema.properties !== undefined) return this.#object(schema);
    if (isSchema(schema.additionalProperties)) return this.#everyField(schema.additionalProperties);
    if (isSchema(schema.items) || schema.prefixItems !== undefined) return this.#items(schema);
    return undefined;
  }

  #reference(reference: string): FieldCheck {
    const known = this.#byReference.get(reference);
    if (known !== undefined) return known;
    const target: { check: FieldCheck | undefined } = { check: undefined };
    const check: FieldCheck = (value, path, found) => target.check?.(value, path, found);
    // Set before compiling: a shape may contain itself.
    this.#byReference.set(reference, check);
    target.check = this.compile(this.#resolve(reference));
    return check;
  }

  #resolve(reference: string): JsonSchema {
    if (reference === '#') return this.root;
    return this.root.$defs?.[reference.slice(reference.lastIndexOf('/') + 1)] ?? {};
  }

  #object(schema: JsonSchema): FieldCheck | undefined {
    const closed = schema.additionalProperties === undefined || schema.additionalProperties === false;
    const fields = new Map<string, FieldCheck | undefined>();
    for (const [name, property] of Object.entries(schema.properties ?? {}))
      fields.set(name, this.compile(property as JsonSchema));
    const rest = isSchema(schema.additionalProperties) ? this.compile(schema.additionalProperties) : undefined;
    if (!closed && rest === undefined && [...fields.values()].every((check) => check === undefined)) return undefined;
    return (value, path, found) => {
      if (!isObject(value)) return;
      for (const key of Object.keys(value)) {
        if (found.length >= maxIssues) return;
        const at = path + pointerPart(key);
        if (fields.has(key)) fields.get(key)?.(value[key], at, found);
        else if (closed) found.push({ path: at, message: 'is not a known field', code: 'unrecognized_keys' });
        else rest?.(value[key], at, found);
      }
    };
  }

  #everyField(schema: JsonSchema): FieldCheck | undefined {
    const check = this.compile(schema);
    if (check === undefined) return undefined;
    return (value, path, found) => {
      if (isObject(value)) for (const key of Object.keys(value)) check(value[key], path + pointerPart(key), found);
    };
  }

  #items(schema: JsonSchema): FieldCheck | undefined {
    const places = (schema.prefixItems ?? []).map((item) => (isSchema(item) ? this.compile(item) : undefined));
    const rest = isSchema(schema.items) ? this.compile(schema.items) : undefined;
    if (rest === undefined && places.every((check) => check === undefined)) return undefined;
    return (value, path, found) => {
      if (!Array.isArray(value)) return;
      value.forEach((item, index) => (index < places.length ? places[index] : rest)?.(item, `${path}/${index}`, found));
    };
  }

  /** The variant that fits best decides: one whose type and constants match, and of those the one with the fewest unknown fields. */
  #variants(variants: readonly JsonSchema[]): FieldCheck | undefined {
    const compiled = variants.map((variant) => ({ fits: this.#fits(variant), check: this.compile(variant) }));
    if (compiled.every(({ check }) => check === undefined)) return undefined;
    return (value, path, found) => {
      let best: Issue[] | undefined;
      for (const { fits, check } of compiled) {
        if (!fits(value)) continue;
        const issues: Issue[] = [];
        check?.(value, path, issues);
        if (best === undefined || issues.length < best.length) best = issues;
      }
      found.push(...(best ?? []));
    };
  }

  #fits(variant: JsonSchema): (value: unknown) => boolean {
    const { properties = {}, type } = variant.$ref === undefined ? variant : this.#resolve(variant.$ref);
    const types = type === undefined ? undefined : [type].flat();
    const tags = Object.entries(properties).flatMap(([name, property]) =>
      isSchema(property) && property.const !== undefined ? [[name, property.const] as const] : [],
    );
    return (value) => {
      if (isObject(value)) return types?.includes('object') !== false && tags.every(([name, tag]) => value[name] === tag);
      return !Array.isArray(value) || types?.includes('array') !== false;
    };
  }
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
