import { describe, expect, it } from '@jest/globals';
import { articleText, changedFields, checkVersion, embeddedText } from './knowledge.rules.js';

describe('articleText', () => {
  it('empties what is left out and counts a tag once', () => {
    expect(articleText({ title: 'T', content: 'C' })).toEqual({ title: 'T', content: 'C', sourceUrl: null, tags: [] });
    expect(articleText({ title: 'T', content: 'C', tags: ['a', 'b', 'a'] }).tags).toEqual(['a', 'b']);
  });
});

describe('changedFields', () => {
  const text = articleText({ title: 'T', content: 'C', sourceUrl: 'https://a.example', tags: ['a'] });

  it('names what differs', () => {
    expect(changedFields(text, { ...text, title: 'U', sourceUrl: null })).toEqual(['title', 'sourceUrl']);
    expect(changedFields(text, { ...text, tags: ['b'] })).toEqual(['tags']);
    expect(changedFields(text, { ...text, tags: ['a', 'b'] })).toEqual(['tags']);
  });

  it('finds nothing in the same text', () => {
    expect(changedFields(text, { ...text, tags: [...text.tags] })).toEqual([]);
  });
});

describe('checkVersion', () => {
  it('lets the expected version pass, and any when none is expected', () => {
    expect(() => checkVersion(3, 3)).not.toThrow();
    expect(() => checkVersion(3, undefined)).not.toThrow();
  });

  it('refuses another one', () => {
    expect(() => checkVersion(3, 2)).toThrow(expect.objectContaining({ code: 'version_mismatch' }));
  });
});

describe('embeddedText', () => {
  it('puts the title before the passage', () => {
    expect(embeddedText('Cancel', 'Open the page.')).toBe('Cancel. Open the page.');
  });
});
