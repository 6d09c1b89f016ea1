import { describe, expect, it } from '@jest/globals';
import { checkVersion, edited } from './edits.js';

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
