import type { EventEnvelope } from '@support101/contracts';

const longestReason = 300;
/** Shorter texts of an event are too common in any sentence to be told from the sentence's own. */
const shortestText = 4;
/** A word of the reason this long that stands in a text of the event was taken from there. */
const shortestQuote = 12;
const typeId = /^[a-z]+_[0-9a-hjkmnp-tv-z]{26}$/;
const removed = '[removed]';

/**
 * Why a handler gave up, fit to be shown: the first line of the failure, without the texts that the event carried, of
 * which any may be a secret. Ids stay.
 */
export function showableReason(reason: string, { data }: Pick<EventEnvelope, 'data'>): string {
  const texts = [...textsIn(data)].filter((text) => text.length >= shortestText && !typeId.test(text));
  const longestFirst = [...new Set(texts)].toSorted((a, b) => b.length - a.length);
  let shown = (reason.split('\n', 1)[0] ?? '').slice(0, longestReason * 10);
  for (const text of longestFirst) shown = shown.replaceAll(text, removed);
  shown = shown.replaceAll(/[^\s"'`]+/g, (word) => (isQuoted(word, longestFirst) ? removed : word));
  return shown.length > longestReason ? `${shown.slice(0, longestReason - 1)}…` : shown;
}

function isQuoted(word: string, texts: readonly string[]): boolean {
  return word.length >= shortestQuote && texts.some((text) => text.includes(word));
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) yield* textsIn(item);
}
