/** Anything JSON can carry. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A plain JSON object. A property that is `undefined` counts as absent. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

const maxDepth = 32;

/**
 * A copy of `value` as it will read back from the database: absent instead of undefined, no prototypes.
 * Throws a TypeError on what JSON or Postgres text cannot carry (dates, functions, NaN, NUL, cycles).
 */
export function toPlainJson(value: unknown): JsonValue {
  return copy(value, '', 0);
}

/** `toPlainJson` for a value that must be an object. */
export function toPlainObject(value: unknown): JsonObject {
  const plain = toPlainJson(value);
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) throw new TypeError('must be a JSON object');
  return plain as JsonObject;
}

function copy(value: unknown, path: string, depth: number): JsonValue {
  if (depth > maxDepth) throw new TypeError(`${path || '/'} is nested deeper than ${maxDepth} levels or refers to itself`);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return copyText(value, path);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => copy(item, `${path}/${index}`, depth + 1));
  return copyObject(value, path, depth);
}

function copyObject(value: unknown, path: string, depth: number): JsonObject {
  if (!isPlain(value)) throw new TypeError(`${path || '/'} is not JSON: ${describe(value)}`);
  const result: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw new TypeError(`${path}/__proto__ is not an allowed key`);
    if (item !== undefined) result[copyText(key, path)] = copy(item, `${path}/${key}`, depth + 1);
  }
  return result;
}

function copyText(value: string, path: string): string {
  if (value.includes('\u0000') || !value.isWellFormed()) {
    throw new TypeError(`${path || '/'} has a NUL character or an unpaired surrogate`);
  }
  return value;
}

// By the shape of the prototype, not its identity: test realms have an Object of their own.
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describe(value: unknown): string {
  return typeof value === 'object' ? (value?.constructor.name ?? 'object') : typeof value;
}
