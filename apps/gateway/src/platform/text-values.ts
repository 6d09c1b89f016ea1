import type { JsonSchema } from '@support101/contracts/derive';

/** Turns the text of a path or query parameter into the value it stands for; text that stands for none stays as it is. */
export type TextReader = (text: string) => unknown;

const numberForm = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Compiles the reader for a parameter's schema; throws for what cannot be written in a URL. `root` holds the `$defs`. */
export function textReader(schema: JsonSchema, root: JsonSchema = schema): TextReader {
  const types = typesOf(schema, root);
  if (types.has('array')) {
    const items = resolve(schema, root).items;
    const item = typeof items === 'object' && !Array.isArray(items) ? textReader(items, root) : asIs;
    return (text) => (text === '' ? [] : text.split(',').map(item));
  }
  if (types.has('object')) throw new Error('an object cannot be a path or query parameter');
  if (types.has('string') || types.size === 0) return asIs;
  return (text) => {
    if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
    if ((types.has('number') || types.has('integer')) && numberForm.test(text)) return Number(text);
    return text;
  };
}

const asIs: TextReader = (text) => text;

function typesOf(schema: JsonSchema, root: JsonSchema): Set<string> {
  const resolved = resolve(schema, root);
  const variants = resolved.anyOf ?? resolved.oneOf;
  if (variants !== undefined) return new Set(variants.flatMap((variant) => [...typesOf(variant, root)]));
  if (resolved.type !== undefined) return new Set([resolved.type].flat());
  const values = resolved.enum ?? (resolved.const === undefined ? [] : [resolved.const]);
  return new Set(values.map((value) => (value === null ? 'null' : typeof value)));
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  return root.$defs?.[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] ?? {};
}
