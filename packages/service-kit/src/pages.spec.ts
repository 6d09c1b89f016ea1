import { describe, expect, it } from '@jest/globals';
import { encodeCursor } from '@support101/contracts';
import { z } from 'zod';
import { keyOfCursor, pageOf } from './pages.js';

const page = (rows: readonly number[]) =>
  pageOf(
    rows,
    2,
    (row) => row,
    (row) => `${row}`,
  );

describe('a page', () => {
  it('leads to the next one by its last key, when there was one row more', () => {
    const { data, nextCursor } = page([5, 4, 3]);

    expect(data).toEqual(['5', '4']);
    expect(keyOfCursor(z.int(), nextCursor ?? '')).toBe(4);
  });

  it.each([[[]], [[5]], [[5, 4]]])('of %j is the last', (rows) => {
    expect(page(rows)).toEqual({ data: rows.map(String), nextCursor: null });
  });

  it('begins where the list does, without a cursor', () => {
    expect(keyOfCursor(z.int(), undefined)).toBeUndefined();
  });

  it.each(['', 'x', encodeCursor(['4']), encodeCursor([4, 4])])('is refused for the cursor %j of something else', (cursor) => {
    expect(() => keyOfCursor(z.int(), cursor)).toThrow(expect.objectContaining({ code: 'cursor_invalid' }));
  });
});
