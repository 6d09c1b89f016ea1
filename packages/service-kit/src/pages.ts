import { decodeCursor, DomainError, encodeCursor } from '@support101/contracts';
import type { z } from 'zod';

/** The key after which a list that is sorted by one key goes on; a cursor of something else is `cursor_invalid`. */
export function keyOfCursor<Key>(schema: z.ZodType<Key>, cursor: string | undefined): Key | undefined {
  if (cursor === undefined) return undefined;
  const key = schema.safeParse(decodeCursor(cursor, 1)?.[0]);
  if (!key.success) throw new DomainError('cursor_invalid');
  return key.data;
}

/** A page out of one row more than the page has. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string | number,
  toItem: (row: Row) => Item,
): { data: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { data: shown.map(toItem), nextCursor: last === undefined ? null : encodeCursor([keyOf(last)]) };
}
