import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import * as contracts from '../learning.js';
import { buildRegistry, ofService } from '../kernel/registry.js';

const article = { title: 'Reset a password', content: 'Open the sign-in page.' };
const accepts = (input: Record<string, unknown>) => contracts.createArticle.input.safeParse({ ...article, ...input }).success;

describe('learning contracts', () => {
  it('fit into one registry and belong to learning', () => {
    const registry = buildRegistry([contracts]);

    expect(ofService(registry, 'learning')).toEqual(registry);
    expect(registry.rpcs).not.toEqual([]);
    expect(registry.events).not.toEqual([]);
  });

  it('can all be shown as JSON Schema', () => {
    for (const contract of buildRegistry([contracts]).rpcs) {
      expect(() => z.toJSONSchema(contract.output)).not.toThrow();
      expect(() => z.toJSONSchema(contract.input, { io: 'input' })).not.toThrow();
    }
  });

  it.each([
    ['a title of blanks', { title: '  ' }],
    ['a title too long', { title: 'x'.repeat(301) }],
    ['empty content', { content: '' }],
    ['content too long', { content: 'x'.repeat(100_001) }],
    ['a NUL in the content', { content: 'a\u0000b' }],
    ['half a surrogate pair in a tag', { tags: ['\ud800'] }],
    ['too many tags', { tags: Array.from({ length: 21 }, (_, index) => `t${index}`) }],
    ['a script as source', { sourceUrl: 'javascript:alert(1)' }],
    ['a relative source', { sourceUrl: '/help' }],
    ['half a surrogate pair in the source', { sourceUrl: 'https://a.example/\ud800' }],
  ])('refuse %s', (_name, input) => {
    expect(accepts(input)).toBe(false);
  });

  it('accept an article at its limits', () => {
    const tags = Array.from({ length: 20 }, (_, index) => `t${index}`);
    const fits = accepts({ title: 'x'.repeat(300), content: 'x'.repeat(100_000), tags, sourceUrl: 'https://help.example/a?b=1' });

    expect(fits).toBe(true);
  });

  it('search for five hits unless told otherwise, and never for nothing', () => {
    const { input } = contracts.searchKnowledge;

    expect(input.parse({ q: 'x' })).toEqual({ q: 'x', topK: 5 });
    expect(input.safeParse({ q: ' ' }).success).toBe(false);
    expect(input.safeParse({ q: 'x', topK: 21 }).success).toBe(false);
  });
});
