import { splitBlocks } from './text-blocks.js';
import { terms } from './text-terms.js';

const instructionPatterns: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|prompts?|rules|guidelines|guardrails|training)\b/i,
  /\b(?:ignore|disregard|forget) (?:everything|anything|all|what)\b.{0,30}\b(?:above|before|previous|told|said)\b/i,
  /\b(?:system|developer|hidden|initial) (?:prompt|message|instructions?)\b/i,
  /\byou are (?:now |no longer )?(?:an? |the |in )?(?:\w+ )?(?:ai|assistant|chatbot|language model|llm|dan|developer mode)\b/i,
  /\b(?:act|behave|respond|answer|reply) (?:only )?as (?:if you|an? (?:\w+ )?(?:ai|assistant|bot|admin|model))\b/i,
  /\b(?:tell|answer|reply to|inform) (?:the |every |all |any )?(?:customers?|users?)\b.{0,60}\b(?:instead|always|never|that)\b/i,
  /^\W*(?:system|assistant|developer|instruction)s?\s*:/i,
  /<\/?\s*(?:system|data|instructions?|assistant|user|prompt)\s*>|\[\/?INST\]|<\|[a-z_]+\|>/i,
];

/** True for text that addresses a model rather than a reader: it may be data, but it is never quoted as an answer. */
export function looksLikeInstruction(text: string): boolean {
  return instructionPatterns.some((pattern) => pattern.test(text));
}

/** The text without the sentences, items and rows that look like instructions to a model, and how many those were. */
export function withoutInstructions(text: string): { text: string; withheld: number } {
  if (!looksLikeInstruction(text.replace(/\s+/g, ' ')) && !text.split('\n').some(looksLikeInstruction))
    return { text, withheld: 0 };
  let withheld = 0;
  let kept = text;
  for (const unit of splitBlocks(text).flatMap((block) => block.units)) {
    for (const sentence of unit.sentences) {
      if (!looksLikeInstruction(sentence)) continue;
      withheld += 1;
      kept = withoutSentence(kept, sentence);
    }
  }
  // What still looks like one is spread over sentences or lines: then nothing of the text is used.
  return looksLikeInstruction(kept.replace(/\s+/g, ' ')) ? { text: '', withheld: withheld + 1 } : { text: kept.trim(), withheld };
}

function withoutSentence(text: string, sentence: string): string {
  const pattern = sentence
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(String.raw`\s+`);
  return text.replace(new RegExp(pattern), '');
}

/**
 * 0..1: how much of an answer (by length) its passages bear out. A sentence counts when one passage has at least
 * seven tenths of its terms, and every number, address and link in it.
 */
export function groundedness(answer: string, passages: readonly string[]): number {
  const sources = passages.map((passage) => ({ terms: new Set(terms(passage)), text: normal(passage) }));
  let supported = 0;
  let all = 0;
  for (const sentence of sentencesOf(answer)) {
    all += sentence.length;
    const said = [...new Set(terms(sentence))];
    const exact = normal(sentence).match(exactParts) ?? [];
    const borne = sources.some(
      (source) =>
        said.filter((term) => source.terms.has(term)).length >= said.length * 0.7 &&
        exact.every((part) => hasWhole(source.text, part)),
    );
    if (borne) supported += sentence.length;
  }
  return all === 0 ? 0 : supported / all;
}

const exactParts = /https?:\/\/\S*[^\s.,;)]|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{0,64}\w|\d+(?:[.,:]\d+)*/g;

function sentencesOf(answer: string): string[] {
  return splitBlocks(answer).flatMap((block) => block.units.flatMap((unit) => unit.sentences));
}

function normal(text: string): string {
  return text.replace(/\*\*|__|`/g, '').toLowerCase();
}

function hasWhole(text: string, part: string): boolean {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    if (!/[\p{L}\p{N}]/u.test(text.charAt(at - 1)) && !/[\p{L}\p{N}]/u.test(text.charAt(at + part.length))) return true;
  }
  return false;
}
