import { describe, expect, it } from '@jest/globals';
import { plainText, splitBlocks, splitSentences } from './text-blocks.js';

const shape = (text: string) =>
  splitBlocks(text).map(({ kind, label, units }) => [kind, label, ...units.map((unit) => unit.text)]);

describe('splitBlocks', () => {
  it('keeps a list whole and in order, and splits a paragraph into sentences', () => {
    const text = 'You can reset it. It takes a minute.\n\n1. Open the page.\n2. Select **Send**. It works once.\n\nThat is all.';

    expect(shape(text)).toEqual([
      ['paragraph', '', 'You can reset it.', 'It takes a minute.'],
      ['steps', '', 'Open the page.', 'Select **Send**. It works once.'],
      ['paragraph', '', 'That is all.'],
    ]);
    expect(splitBlocks(text)[1]?.units[1]?.sentences).toEqual(['Select **Send**.', 'It works once.']);
  });

  it('knows small headings: a line in bold, a hash, and bold words that begin a paragraph', () => {
    const text =
      '**Cancel**\n1. Open it.\n\n## Edit\nSelect it.\n\n**No message?** Look again. Then wait.\n\n**Yearly** costs 49.';

    expect(shape(text)).toEqual([
      ['steps', 'Cancel', 'Open it.'],
      ['paragraph', 'Edit', 'Select it.'],
      ['paragraph', 'No message?', '**No message?** Look again.', 'Then wait.'],
      ['paragraph', 'Edit', '**Yearly** costs 49.'],
    ]);
  });

  it('keeps nested items with their item and items apart by blank lines in one list', () => {
    const text = '1. Choose one:\n   - **Skip**: once.\n   - **Pause**: longer.\n\n2. Save.';

    expect(shape(text)).toEqual([['steps', '', 'Choose one:\n- **Skip**: once.\n- **Pause**: longer.', 'Save.']]);
    expect(splitBlocks(text)[0]?.units[0]?.sentences).toEqual(['Choose one:', '**Skip**: once.', '**Pause**: longer.']);
  });

  it('reads a table row under its headings', () => {
    const text = '| Paid with | Visible after |\n| --- | --- |\n| Visa | 3–7 days |\n| Credit | at once |';

    expect(shape(text)).toEqual([
      ['table', '', 'Paid with: Visa; Visible after: 3–7 days', 'Paid with: Credit; Visible after: at once'],
    ]);
  });

  it.each(['', '  \n\n ', '**Only a heading**'])('finds nothing in %j', (text) => {
    expect(splitBlocks(text)).toEqual([]);
  });

  it('ends on any text', () => {
    for (const text of ['*', '1.', '|', '||', '- ', '\r\n1. a\r\n2. b\r\n', '**', '#'.repeat(9), ' '.repeat(50_000)]) {
      expect(Array.isArray(splitBlocks(text))).toBe(true);
    }
  });
});

describe('splitSentences', () => {
  it('does not end a sentence at an abbreviation or inside a number', () => {
    expect(splitSentences('Pay with a card, e.g. Visa. It costs 4.90 a month.')).toEqual([
      'Pay with a card, e.g. Visa.',
      'It costs 4.90 a month.',
    ]);
  });
});

describe('plainText', () => {
  it('leaves what a reader sees', () => {
    expect(plainText('## See **Orders** and [help](https://x.example/y)')).toBe('See Orders and help');
  });
});
