import { decodeCursor, DomainError, encodeCursor } from '@support101/contracts';
import type { z } from 'zod';

/** The id after which a list that is sorted by id goes on; a cursor of something else is `cursor_invalid`. */
export function idOfCursor<Id>(schema: z.ZodType<Id>, cursor: string | undefined): Id | undefined {
  if (cursor === undefined) return undefined;
  const id = schema.safeParse(decodeCursor(cursor, 1)?.[0]);
  if (!id.success) throw new DomainError('cursor_invalid');
  return id.data;
}

/** A page out of one row more than the page has. */
export function pageOfIds<Row, Item>(
  rows: readonly Row[],
  limit: number,
  idOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): { data: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { data: shown.map(toItem), nextCursor: last === undefined ? null : encodeCursor([idOf(last)]) };
}
