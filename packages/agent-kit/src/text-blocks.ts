/** A sentence, list item or table row. */
export interface Unit {
  /** As it stands in the text, Markdown included. */
  readonly text: string;
  /** The sentences of a list item; a sentence has just itself. */
  readonly sentences: readonly string[];
}

/** A paragraph, list or table of a text, with the small heading it stands under. */
export interface Block {
  readonly kind: 'paragraph' | 'steps' | 'list' | 'table';
  readonly label: string;
  readonly units: readonly Unit[];
}

const heading = /^(?:#{1,6}\s+(.+?)\s*#*|\*\*([^*]+)\*\*:?|__([^_]+)__:?)$/;
const runIn = /^\*\*([^*]+)\*\*[:.]?\s+(?=\S)/;
const step = /^\d{1,3}[.)]\s+/;
const bullet = /^[-*+•]\s+/;
const tableRow = /^\|.*\|$/;
const tableRule = /^\|[\s:|-]+\|$/;

/** Splits plain text or Markdown into blocks: lists stay whole and in order, paragraphs fall into sentences. */
export function splitBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let label = '';
  for (const chunk of chunksOf(text)) {
    const first = chunk[0] ?? '';
    const found = heading.exec(first);
    if (found !== null && chunk.length === 1) {
      label = found[1] ?? found[2] ?? found[3] ?? '';
      continue;
    }
    blocks.push(blockOf(chunk, label));
  }
  return blocks;
}

/** Splits running text into sentences. */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  for (const { segment } of segmenter.segment(text.replace(/\s+/g, ' ').trim())) {
    const sentence = segment.trim();
    const previous = sentences.at(-1);
    // An abbreviation, or a closing mark that stands alone, ends no sentence.
    if (
      previous !== undefined &&
      (/\b(?:e\.g|i\.e|etc|no|nr|approx|vs|incl)\.$/i.test(previous) || /^[^\p{L}\p{N}]+$/u.test(sentence))
    ) {
      sentences[sentences.length - 1] = `${previous} ${sentence}`;
    } else if (sentence !== '') sentences.push(sentence);
  }
  return sentences;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Text without Markdown marks: what a reader sees. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/!?\[([^\][]*)\]\([^()\s]*\)/g, '$1')
    .replace(/(\*\*|__|`)/g, '')
    .replace(/^#{1,6}\s+/gm, '');
}

/** Lines that belong together: a heading, a list with all its items, a table, a paragraph. */
function chunksOf(text: string): string[][] {
  const chunks: string[][] = [];
  let afterBlank = true;
  for (const raw of text.replaceAll('\r\n', '\n').split('\n')) {
    const line = raw.replace(/\s+/g, ' ').trim();
    if (line !== '') addLine(chunks, line, /^\s{2,}/.test(raw), afterBlank);
    afterBlank = line === '';
  }
  return chunks;
}

function addLine(chunks: string[][], line: string, indented: boolean, afterBlank: boolean): void {
  const kind = kindOf(line);
  const open = chunks.at(-1);
  const openKind = kindOfChunk(open ?? []);
  const inList = isList(openKind);
  if (open !== undefined && inList && indented) {
    // An indented item is nested, other indented text goes on with the item above.
    open[open.length - 1] = `${open.at(-1)}${isList(kind) ? '\n' : ' '}${line}`;
  } else if (open !== undefined && kind === openKind && kind !== 'heading' && (inList || !afterBlank)) {
    // A blank line between two items does not end their list.
    open.push(line);
  } else chunks.push([line]);
}

function isList(kind: LineKind | undefined): boolean {
  return kind === 'steps' || kind === 'list';
}

type LineKind = Block['kind'] | 'heading';

function kindOf(line: string): LineKind {
  if (heading.test(line)) return 'heading';
  if (step.test(line)) return 'steps';
  if (bullet.test(line)) return 'list';
  return tableRow.test(line) ? 'table' : 'paragraph';
}

function kindOfChunk(lines: readonly string[]): LineKind | undefined {
  return lines[0] === undefined ? undefined : kindOf(lines[0]);
}

function blockOf(lines: readonly string[], label: string): Block {
  const kind = kindOfChunk(lines) ?? 'paragraph';
  if (kind === 'steps' || kind === 'list') {
    const mark = kind === 'steps' ? step : bullet;
    return { kind, label, units: lines.map((line) => itemOf(line.replace(mark, ''))) };
  }
  if (kind === 'table') return { kind, label, units: rowsOf(lines) };
  const running = lines.join(' ');
  const lead = runIn.exec(running);
  if (lead?.[1] === undefined || !startsSentence(running.slice(lead[0].length))) return paragraphOf(running, label);
  // The small heading stays with the first sentence, so that a quoted one says what it is about.
  const { units } = paragraphOf(running.slice(lead[0].length), lead[1]);
  const [first, ...others] = units;
  return {
    kind: 'paragraph',
    label: lead[1],
    units: first === undefined ? [] : [unitOf(`${lead[0].trim()} ${first.text}`), ...others],
  };
}

function paragraphOf(running: string, label: string): Block {
  return { kind: 'paragraph', label, units: splitSentences(running).map(unitOf) };
}

function unitOf(sentence: string): Unit {
  return { text: sentence, sentences: [sentence] };
}

// "**No message?** Look in…" is a small heading; "**Yearly** costs 49." is the sentence's subject.
function startsSentence(rest: string): boolean {
  return /^[\p{Lu}\p{N}*"“]/u.test(rest);
}

function itemOf(text: string): Unit {
  const [own = '', ...nested] = text.split('\n');
  return { text, sentences: [...splitSentences(own), ...nested.map((line) => line.replace(bullet, '').replace(step, ''))] };
}

/** Each row under its headings: "Paid with Direct debit: Visible after 2–3 days". */
function rowsOf(lines: readonly string[]): Unit[] {
  const rows = lines
    .filter((line) => !tableRule.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const [names = [], ...bodies] = lines.length > 1 && tableRule.test(lines[1] ?? '') ? rows : [[], ...rows];
  return bodies.map((cells) => {
    const text = cells.map((cell, index) => [names[index], cell].filter(Boolean).join(': ')).join('; ');
    return { text, sentences: [text] };
  });
}
