import { z } from 'zod';

/**
 * Text that Postgres can store and JSON can carry unchanged: no NUL character, no half of a surrogate pair.
 * `max` counts UTF-16 units.
 */
export function text(max: number, min = 1) {
  return z.string().min(min).max(max).refine(isStorable, 'must not contain NUL characters or unpaired surrogates');
}

/** True when the string has neither a NUL character nor an unpaired surrogate. */
export function isStorable(value: string): boolean {
  return !value.includes('\u0000') && value.isWellFormed();
}

/** A time on the wire: RFC 3339 in UTC. */
export const Timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC', examples: ['2026-11-22T09:30:00.000Z'] });

/** A JSON object of free shape, with storable text and a bounded depth (guards the database and the parser). */
export const FreeObject = z.record(z.string(), z.unknown()).refine((value) => isStorableJson(value, 32), {
  message: 'must be JSON of at most 32 levels, without NUL characters, unpaired surrogates or "__proto__" keys',
});

function isStorableJson(value: unknown, depth: number): boolean {
  if (depth === 0) return false;
  if (typeof value === 'string') return isStorable(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every((item) => isStorableJson(item, depth - 1));
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([key, item]) => key !== '__proto__' && isStorable(key) && isStorableJson(item, depth - 1));
}
