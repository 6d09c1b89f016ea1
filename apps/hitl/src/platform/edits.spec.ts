import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { encodeCursor } from '@support101/contracts';
import { checkVersion, edited } from './edits.js';
import { idOfCursor, pageOfIds } from './id-pages.js';

const row = { name: 'Ann', skills: ['a'], note: 'x' as string | null };

describe('edited', () => {
  it('takes what is given and differs, and names it', () => {
    const { after, changed } = edited(row, { name: 'Bob', skills: ['a'], note: null }, ['name', 'skills', 'note']);

    expect(after).toEqual({ name: 'Bob', skills: ['a'], note: null });
    expect(changed).toEqual(['name', 'note']);
  });

  it('leaves what is not given, and what may not be edited', () => {
    const edit = { name: undefined, note: 'y' };

    expect(edited(row, edit, ['name'])).toEqual({ after: row, changed: [] });
  });
});

describe('checkVersion', () => {
  it('refuses another version than the one expected', () => {
    expect(() => checkVersion(3, undefined)).not.toThrow();
    expect(() => checkVersion(3, 3)).not.toThrow();
    expect(() => checkVersion(3, 2)).toThrow(expect.objectContaining({ code: 'version_mismatch' }));
  });
});

describe('pages by id', () => {
  const Id = z.string().startsWith('x_');

  it('go on after the last one shown', () => {
    const page = pageOfIds(['x_3', 'x_2', 'x_1'], 2, String, (id) => id.toUpperCase());

    expect(page.data).toEqual(['X_3', 'X_2']);
    expect(idOfCursor(Id, page.nextCursor ?? '')).toBe('x_2');
    expect(pageOfIds(['x_1'], 2, String, String).nextCursor).toBeNull();
  });

  it.each(['', 'x', encodeCursor(['y_1']), encodeCursor([1]), encodeCursor(['x_1', 'x_2'])])('refuse the cursor %p', (cursor) => {
    expect(() => idOfCursor(Id, cursor)).toThrow(expect.objectContaining({ code: 'cursor_invalid' }));
  });

  it('begin at the start without a cursor', () => {
    expect(idOfCursor(Id, undefined)).toBeUndefined();
  });
});
