import { asksFor, type Asked } from './text-question.js';
import { splitBlocks, type Block } from './text-blocks.js';
import { looksLikeInstruction } from './text-guard.js';
import { respell, terms, weighBy, type Weigh } from './text-terms.js';

/** A text to answer from. */
export interface Passage {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  /** 0..1: how sure the search is that this answers the question. */
  readonly score: number;
}

/** An answer in a passage's own words, and the passage it was taken from. */
export interface Extract {
  /** Markdown; steps are a numbered list in the passage's order. */
  readonly answer: string;
  readonly from: string;
}

/** A part of a passage that could be (part of) the answer: a sentence, an item, or a list with its opening. */
interface Candidate {
  readonly order: number;
  readonly kind: 'sentence' | 'item' | 'steps' | 'list';
  readonly text: string;
  /** Its terms and those of the small heading it stands under. */
  readonly terms: ReadonlySet<string>;
  /** Of a list, without its opening; else the same. */
  readonly ownTerms: ReadonlySet<string>;
}

/** What is left of the question once the passage's title is granted: each term with its weight. */
type Wanted = ReadonlyMap<string, number>;

interface Source {
  readonly passage: Passage;
  readonly candidates: readonly Candidate[];
  readonly wanted: Wanted;
}

const longestAnswer = 1_800;
const longestOpening = 400;

/**
 * Answers a question by quoting: the steps of the best passage when the question asks what to do, the sentences that
 * share most with it otherwise. Deterministic, invents nothing; undefined when no passage has text.
 */
export function extractAnswer(question: string, passages: readonly Passage[]): Extract | undefined {
  const source = bestSource(question, passages);
  if (source === undefined) return undefined;
  const asked = asksFor(question);
  const parts = chooseSteps(asked, source) ?? chooseSentences(asked, source);
  return { answer: assemble(parts), from: source.passage.id };
}

// The search knows meanings, the words know the exact subject: among passages it holds for about equal, words decide.
function bestSource(question: string, passages: readonly Passage[]): Source | undefined {
  const texts = passages.map((passage) => `${passage.title} ${passage.text}`);
  const weigh = weighBy(texts);
  const words = respell(terms(question), new Set(texts.flatMap(terms)));
  const everything = wantedOf(words, '', weigh);
  const asked = asksFor(question);
  const likely = Math.max(...passages.map((passage) => passage.score)) * 0.8;
  const sources = passages
    .filter((passage) => passage.score >= likely)
    .map((passage) => sourceOf(words, passage, weigh))
    .filter((source) => source.candidates.length > 0);
  return highest(sources, ({ passage, candidates }) => {
    const inTitle = share(everything, new Set(terms(passage.title)));
    const parts = wantsSteps(asked) ? candidates : singles(candidates);
    const inPart = Math.max(0, ...parts.map((part) => share(everything, part.terms) + numberBonus(asked, part)));
    return passage.score + 0.1 * inTitle + 0.2 * inPart;
  });
}

function sourceOf(words: readonly string[], passage: Passage, weigh: Weigh): Source {
  return { passage, candidates: candidatesOf(passage), wanted: wantedOf(words, passage.title, weigh) };
}

// Every part of a passage is about its title, so the title's terms hardly tell one part from another.
function wantedOf(words: readonly string[], title: string, weigh: Weigh): Wanted {
  const granted = new Set(terms(title));
  return new Map(words.map((term) => [term, weigh(term) * (granted.has(term) ? 0.3 : 1)]));
}

function candidatesOf(passage: Passage): Candidate[] {
  const blocks = splitBlocks(passage.text);
  const candidates: Candidate[] = [];
  const add = (kind: Candidate['kind'], text: string, label: string, own = text) => {
    if (text === '' || looksLikeInstruction(text)) return;
    const ownTerms = new Set(terms(`${label} ${own}`));
    candidates.push({
      order: candidates.length,
      kind,
      text,
      ownTerms,
      terms: own === text ? ownTerms : new Set(terms(`${label} ${text}`)),
    });
  };
  blocks.forEach((block, index) => {
    if (block.kind === 'steps' || block.kind === 'list') {
      const items = itemsText(block);
      add(block.kind, opened(items, block, blocks[index - 1], index), block.label, items);
    }
    for (const unit of block.units) {
      // A fact may hide in the middle of a step.
      if (block.kind === 'steps') for (const sentence of unit.sentences) add('sentence', sentence, block.label);
      else add(block.kind === 'paragraph' ? 'sentence' : 'item', unit.text, block.label);
    }
  });
  return candidates;
}

function itemsText(block: Block): string {
  return block.units
    .filter((unit) => !looksLikeInstruction(unit.text))
    .map((unit, place) => (block.kind === 'steps' ? `${place + 1}. ` : '- ') + unit.text.replaceAll('\n', '\n   '))
    .join('\n');
}

/** A list's items under its small heading, opened by the paragraph before it where that introduces it. */
function opened(items: string, block: Block, before: Block | undefined, index: number): string {
  if (items === '' || before?.kind !== 'paragraph') return items;
  const introduces = before.label === block.label || (index === 1 && before.label === '');
  const opening = before.units.map((unit) => unit.text).join(' ');
  if (!introduces || opening.length > longestOpening || looksLikeInstruction(opening)) return items;
  const heading = before.label === block.label || block.label === '' ? '' : `**${block.label}**\n`;
  return `${opening}\n\n${heading}${items}`;
}

function chooseSteps(asked: Asked, source: Source): Candidate[] | undefined {
  if (!wantsSteps(asked)) return undefined;
  const { candidates, wanted } = source;
  const ofKind = (kind: Candidate['kind']) => candidates.filter((candidate) => candidate.kind === kind);
  const lists = ofKind('steps').length > 0 ? ofKind('steps') : ofKind('list');
  const best = highest(lists, (candidate) => share(wanted, candidate.terms));
  if (best === undefined) return undefined;
  const rival = Math.max(0, ...singles(candidates).map((candidate) => share(wanted, candidate.terms)));
  // A sentence that has clearly more of what was asked than all the steps is the answer; to "can I" already one that has
  // more than the steps without their opening.
  const beaten = asked === 'permission' ? share(wanted, best.ownTerms) + 0.05 : share(wanted, best.terms) + 0.4;
  if (rival > beaten) return undefined;
  return [best, ...additions(source, [best], 1)];
}

function chooseSentences(asked: Asked, source: Source): Candidate[] {
  const { wanted } = source;
  const pool = singles(source.candidates).length > 0 ? singles(source.candidates) : source.candidates;
  const value = (candidate: Candidate) => share(wanted, candidate.terms) + numberBonus(asked, candidate);
  const first = highest(pool, value);
  if (first === undefined) return [];
  const equal = pool.find((candidate) => candidate !== first && value(first) > 0.2 && value(candidate) >= value(first) * 0.75);
  const chosen = equal === undefined || asked === 'number' ? [first] : [first, equal];
  const following =
    asked === 'number' ? [] : chosen.flatMap((part) => pool.filter((next) => next.order === part.order + 1 && refersBack(next)));
  const together = [...new Set([...chosen, ...following])];
  return [...together, ...additions(source, together, 1)];
}

/** Up to `most` further sentences, each saying something of the question that was not said yet. */
function additions(source: Source, chosen: readonly Candidate[], most: number): Candidate[] {
  const added: Candidate[] = [];
  const titled = new Set(terms(source.passage.title));
  while (added.length < most) {
    const said = [...chosen, ...added];
    const open = new Map([...source.wanted].filter(([term]) => !titled.has(term) && !said.some((part) => part.terms.has(term))));
    const next = highest(
      singles(source.candidates).filter((candidate) => !said.includes(candidate)),
      (candidate) => share(open, candidate.terms),
    );
    if (next === undefined || share(open, next.terms) < 0.5) break;
    added.push(next);
  }
  return added;
}

/** 0..1: the part of what is wanted, by weight, that a text has. */
function share(wanted: Wanted, has: ReadonlySet<string>): number {
  let found = 0;
  let all = 0;
  for (const [term, weight] of wanted) {
    all += weight;
    if (has.has(term)) found += weight;
  }
  return all === 0 ? 0 : found / all;
}

function wantsSteps(asked: Asked): boolean {
  return asked === 'steps' || asked === 'permission';
}

/** What can be an answer alone: not a question, nor a line that only announces a list. */
function singles(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ kind, text }) => (kind === 'sentence' || kind === 'item') && !/[?:]\W*$/.test(text));
}

/** Who asks for a time, a number or a price is answered by a sentence that has one. */
function numberBonus(asked: Asked, candidate: Candidate): number {
  const has = /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|once|immediately|at once|free)\b/i.test(candidate.text);
  return asked === 'number' && has ? 0.25 : 0;
}

function refersBack(candidate: Candidate): boolean {
  return /^(?:it|this|that|these|those|they|then|after that|otherwise|until then|during that time|in that case|others?|both)\b/i.test(
    candidate.text,
  );
}

function highest<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  let best: T | undefined;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (const item of items) {
    const itemValue = value(item);
    if (itemValue > bestValue) [best, bestValue] = [item, itemValue];
  }
  return best;
}

/** The chosen parts in the passage's order: sentences run on, lists stand alone. */
function assemble(parts: readonly Candidate[]): string {
  let answer = '';
  let previous: Candidate | undefined;
  for (const part of parts.toSorted((a, b) => a.order - b.order)) {
    if (previous !== undefined && answer.length + part.text.length > longestAnswer) continue;
    const runsOn = part.kind === 'sentence' && previous?.kind === 'sentence';
    answer += (previous === undefined ? '' : runsOn ? ' ' : '\n\n') + part.text;
    previous = part;
  }
  return answer;
}
