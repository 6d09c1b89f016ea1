import { describe, expect, it } from '@jest/globals';
import { passagesOf, passageWords, plainText } from './knowledge-passages.rules.js';

const words = (count: number, word = 'word') => Array.from({ length: count }, () => word).join(' ');
const countOf = (text: string) => text.split(/\s+/).length;

describe('passagesOf', () => {
  it('keeps a short article whole', () => {
    expect(passagesOf('Open the page.\n\n1. Sign in\n2. Save')).toEqual(['Open the page.\n\n1. Sign in\n2. Save']);
  });

  it('closes a passage at a blank line once it has enough words', () => {
    const passages = passagesOf([words(70, 'a'), words(70, 'b'), words(70, 'c')].join('\n\n'));

    expect(passages).toEqual([words(70, 'a'), words(70, 'b'), words(70, 'c')]);
  });

  it.each(['## Cancel', '**Cancel**', 'Do this:'])('keeps "%s" with what follows it', (heading) => {
    const passages = passagesOf([words(80, 'a'), heading, words(80, 'b')].join('\n\n'));

    expect(passages).toEqual([words(80, 'a'), `${heading}\n\n${words(80, 'b')}`]);
  });

  it('joins a crumb at the end to the passage before', () => {
    expect(passagesOf(`${words(80)}\n\nThat is all.`)).toEqual([`${words(80)}\n\nThat is all.`]);
  });

  it('cuts a block that is too long at lines, else at sentences, else at words, and loses nothing', () => {
    const list = Array.from({ length: 40 }, (_, index) => `- step ${index} ${words(8)}`).join('\n');
    const prose = Array.from({ length: 40 }, (_, index) => `Sentence ${index} ${words(8)}.`).join(' ');
    const content = [list, prose, words(400)].join('\n\n');

    const passages = passagesOf(content);

    for (const passage of passages) expect(countOf(passage)).toBeLessThanOrEqual(passageWords.most);
    expect(passages.join(' ').split(/\s+/)).toEqual(content.split(/\s+/));
    expect(passages.every((passage) => /^(?:- step|Sentence|word)/.test(passage))).toBe(true);
  });

  it('cuts text without spaces between characters, never inside one', () => {
    const passages = passagesOf('\u{1f600}'.repeat(5000));

    expect(passages.length).toBeGreaterThan(2);
    expect(passages.every((passage) => passage.isWellFormed())).toBe(true);
    expect(passages.join('')).toBe('\u{1f600}'.repeat(5000));
  });

  it('comes through the longest article: work that grows too fast would not end within the limit of a test', () => {
    const passages = passagesOf('a b c d e\n\n'.repeat(9000));

    expect(passages.length).toBeGreaterThan(300);
  });

  it.each(['   ', '\n\n\n'])('makes no passage of %j', (content) => {
    expect(passagesOf(content)).toEqual([]);
  });
});

describe('plainText', () => {
  it('leaves the words of Markdown', () => {
    const markdown =
      '## Title\n\n1. Open **Settings**\n- [Help](https://a.example)\n\n| a | b |\n| --- | :-: |\n| `c` | d |\n> quoted';

    expect(plainText(markdown).split(/\s+/)).toEqual(['Title', 'Open', 'Settings', 'Help', 'a', 'b', 'c', 'd', 'quoted']);
  });

  it('leaves numbers and signs inside of text alone', () => {
    expect(plainText('Costs 4.90 - or 49 a year')).toBe('Costs 4.90 - or 49 a year');
  });
});
