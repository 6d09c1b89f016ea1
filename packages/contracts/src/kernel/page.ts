import { z } from 'zod';

/** Query of every list: how many, and from where. */
export const pageQuery = {
  limit: z.number().int().min(1).max(100).default(25),
  cursor: z.string().min(1).max(500).optional(),
};

/** Answer of every list. `nextCursor` is null on the last page. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() });
}

/** The opaque cursor of a keyset page: the sort key of its last row. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return btoa(JSON.stringify(key)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The sort key in a cursor, or undefined when it is not one of `length` parts. */
export function decodeCursor(cursor: string, length: number): (string | number)[] | undefined {
  try {
    const key: unknown = JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')));
    if (!Array.isArray(key) || key.length !== length) return undefined;
    return key.every((part) => typeof part === 'string' || typeof part === 'number') ? key : undefined;
  } catch {
    return undefined;
  }
}
