/** Sizes of a passage in words: it is closed once it has `enough`, and never grows over `most`. */
export const passageWords = { enough: 60, most: 150 } as const;

/** Longest passage in characters, for text without spaces. */
const longestPassage = 1500;

/** Words at the end of an article that make no passage of their own: they join the one before. */
const crumb = 25;

/** Words of an introducing line at most. */
const longestIntroduction = 30;

/**
 * Cuts an article into the passages that a search finds and shows. Blocks between blank lines stay whole where they
 * fit, a heading stays with what follows it, and so does the line that introduces a list.
 */
export function passagesOf(content: string): string[] {
  const blocks = blocksOf(content).flatMap((block) => piecesOf(block));
  const counts = blocks.map(countWords);
  let left = counts.reduce((sum, count) => sum + count, 0);
  const passages: string[] = [];
  let open: string[] = [];
  let words = 0;
  for (const [index, block] of blocks.entries()) {
    const count = counts[index] ?? 0;
    const isFull = words >= passageWords.enough && left >= crumb;
    const isTooMuch = words + count > passageWords.most || open.join('').length + block.length > longestPassage;
    if (open.length > 0 && (isTooMuch || isFull) && !introduces(open.at(-1))) {
      passages.push(open.join('\n\n'));
      open = [];
      words = 0;
    }
    open.push(block);
    words += count;
    left -= count;
  }
  return open.length > 0 ? [...passages, open.join('\n\n')] : passages;
}

/** The words of Markdown without its signs: what is embedded and counted. */
export function plainText(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^[ \t]*(?:#{1,6}|>|[-*+]|\d{1,3}[.)])[ \t]+/gm, '')
    .replaceAll(/^[ \t|:-]*-{3}[ \t|:-]*$/gm, '')
    .replaceAll(/\*\*|__|`|\|/g, ' ')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n\s*/g, '\n')
    .trim();
}

function blocksOf(content: string): string[] {
  return content
    .replaceAll(/\r\n?/g, '\n')
    .split(/\n[^\S\n]*\n/)
    .map((block) => block.replace(/^\n+/, '').trimEnd())
    .filter((block) => block.trim() !== '');
}

/** True for a heading, and for a line that ends in a colon: what comes next belongs to it. */
function introduces(block: string | undefined): boolean {
  if (block === undefined || countWords(block) > longestIntroduction) return false;
  return /^#{1,6}\s/.test(block) || /^\*\*[^*\n]+\*\*:?$/.test(block) || block.endsWith(':');
}

/** The block itself when it fits, else its lines, sentences, words or characters, put together as far as they fit. */
function piecesOf(block: string): string[] {
  if (fits(block)) return [block];
  for (const [between, by] of borders) {
    const parts = block.split(between).filter((part) => part.trim() !== '');
    if (parts.length > 1) return joined(parts.flatMap(piecesOf), by);
  }
  const characters = [...block];
  return Array.from({ length: Math.ceil(characters.length / (longestPassage / 2)) }, (_, index) =>
    characters.slice((index * longestPassage) / 2, ((index + 1) * longestPassage) / 2).join(''),
  );
}

const borders = [
  [/\n/, '\n'],
  [/(?<=[.!?]) +/, ' '],
  [/\s+/, ' '],
] as const;

function joined(parts: readonly string[], by: string): string[] {
  const pieces: string[] = [];
  for (const part of parts) {
    const both = `${pieces.at(-1)}${by}${part}`;
    if (pieces.length > 0 && fits(both)) pieces[pieces.length - 1] = both;
    else pieces.push(part);
  }
  return pieces;
}

function fits(text: string): boolean {
  return text.length <= longestPassage && countWords(text) <= passageWords.most;
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
