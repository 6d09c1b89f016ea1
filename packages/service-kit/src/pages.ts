import { decodeCursor, DomainError, encodeCursor } from '@support101/contracts';
import { maxMessageBytes } from '@support101/messaging';
import type { z } from 'zod';

/** The key after which a list that is sorted by one key goes on; a cursor of something else is `cursor_invalid`. */
export function keyOfCursor<Key>(schema: z.ZodType<Key>, cursor: string | undefined): Key | undefined {
  if (cursor === undefined) return undefined;
  const key = schema.safeParse(decodeCursor(cursor, 1)?.[0]);
  if (!key.success) throw new DomainError('cursor_invalid');
  return key.data;
}

/** Bytes of JSON that the items of an answer may have together: the tenth that a message has besides is for what is around. */
const mostBytes = maxMessageBytes * 0.9;

/** The items from the first that fit into one message together; one at least, whatever its size. */
export function fitting<Item>(items: readonly Item[]): Item[] {
  let bytes = 0;
  const over = items.findIndex((item, index) => (bytes += jsonBytes(item) + 1) > mostBytes && index > 0);
  return items.slice(0, over === -1 ? items.length : over);
}

/** How long something is in a message, in bytes. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * A page out of one row more than the page has. It is shorter than `limit` where more would not fit into a message. `keyOf`
 * gives what the next page's cursor holds: a key, or all parts of one.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string | number | readonly (string | number)[],
  toItem: (row: Row) => Item,
): { data: Item[]; nextCursor: string | null } {
  const data = fitting(rows.slice(0, limit).map(toItem));
  const last = rows.length > data.length ? rows[data.length - 1] : undefined;
  return { data, nextCursor: last === undefined ? null : encodeCursor([keyOf(last)].flat()) };
}
