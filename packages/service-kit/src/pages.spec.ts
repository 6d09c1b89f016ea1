import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from '@support101/contracts';
import { maxMessageBytes } from '@support101/messaging';
import { z } from 'zod';
import { keyOfCursor, pageOf } from './pages.js';

const page = (rows: readonly number[]) =>
  pageOf(
    rows,
    2,
    (row) => row,
    (row) => `${row}`,
  );

const whole = <Row>(row: Row) => row;

describe('a page', () => {
  it('leads to the next one by its last key, when there was one row more', () => {
    const { data, nextCursor } = page([5, 4, 3]);

    expect(data).toEqual(['5', '4']);
    expect(keyOfCursor(z.int(), nextCursor ?? '')).toBe(4);
  });

  it.each([[[]], [[5]], [[5, 4]]])('of %j is the last', (rows) => {
    expect(page(rows)).toEqual({ data: rows.map(String), nextCursor: null });
  });

  it.each([
    ['x', 1],
    ['日', 3],
    ['"', 2],
  ])('of texts of %j has no more than a message carries, and leads on from there', (text, bytes) => {
    const rows = [1, 2, 3, 4].map((id) => ({ id, text: text.repeat(400_000 / bytes) }));

    const { data, nextCursor } = pageOf(rows, 3, ({ id }) => id, whole);

    expect(data).toEqual(rows.slice(0, 2));
    expect(Buffer.byteLength(JSON.stringify({ data, nextCursor }))).toBeLessThan(maxMessageBytes);
    expect(keyOfCursor(z.int(), nextCursor ?? '')).toBe(2);
  });

  it('has one item at least', () => {
    const rows = [1, 2].map((id) => ({ id, text: 'x'.repeat(maxMessageBytes) }));

    expect(pageOf(rows, 2, ({ id }) => id, whole)).toEqual({ data: [rows[0]], nextCursor: encodeCursor([1]) });
  });

  it('may be sorted by more than one key', () => {
    const { nextCursor } = pageOf([1, 2], 1, (row) => [row, 'x'], whole);

    expect(decodeCursor(nextCursor ?? '', 2)).toEqual([1, 'x']);
  });

  it('begins where the list does, without a cursor', () => {
    expect(keyOfCursor(z.int(), undefined)).toBeUndefined();
  });

  it.each(['', 'x', encodeCursor(['4']), encodeCursor([4, 4])])('is refused for the cursor %j of something else', (cursor) => {
    expect(() => keyOfCursor(z.int(), cursor)).toThrow(expect.objectContaining({ code: 'cursor_invalid' }));
  });
});
