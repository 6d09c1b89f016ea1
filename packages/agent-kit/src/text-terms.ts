import { stemmer } from 'stemmer';
import { plainText } from './text-blocks.js';
import { nearest } from './text-spelling.js';

// Words that say nothing about the subject of a question.
const stopWords = new Set(
  `a about after again all already also always am an and any anybody anyone anything are as at be because been before being
  but by can can't cannot could couldn't did didn't do does doesn't doing don't done each either else ever every for from get
  gets getting give go goes going got had has have having he hello help her here hi him his how however i i'd i'll i'm i've if
  in into is isn't it it's its just know let like make may me might mine more most much must my myself need no nobody not
  nothing now of off ok on once one only or other our ours out own please put really same say see shall she should since so
  some somebody someone something still such take than thank thanks that that's the their them then there these they thing
  things this those to too try trying until up upon us use very want wanted was wasn't way we well were what what's when where
  which while who whom why will with won't would wouldn't yes yet you your yours yourself`
    .split(/\s+/)
    .filter(Boolean),
);

// What customers and help pages call the same thing. The first word stands for all of its line.
const sameMeaning = `
  login signin logon
  password passcode credential passphrase
  refund reimburse reimbursement repay
  cancel terminate unsubscribe quit
  delete erase remove
  parcel package
  deliver delivery ship shipping shipment dispatch
  invoice bill receipt
  pay payment paid
  buy purchase bought
  broken damaged defective faulty smashed cracked shattered broke damage
  phone mobile smartphone cellphone
  email mail mailbox inbox
  forget forgot forgotten
  lose lost lose
  change update edit modify replace switch alter
  membership subscription
  price cost fee
  picture photo image
  twostep twofactor 2fa mfa
  start begin began
  fix repair
  message notification
`;

const phrases: readonly (readonly [RegExp, string])[] = [
  [/\b(?:log(?:ged|ging|s)?|sign(?:ed|ing|s)?)[ -]?(?:in|on)(?:to)?\b/g, 'login'],
  [/\b(?:can(?:'t|not| not)|do(?:n't| not)|no longer) (?:remember|recall|know)\b/g, 'forgot'],
  [/\bmoney back\b|\b(?:pay|paid|pays) (?:\w+ )?back\b/g, 'refund'],
  [/\be-mails?\b/g, 'email'],
  [/\btwo[ -](?:step|factor)\b/g, '2fa'],
  [/\bhow much\b/g, 'price'],
  [/\b(?:turn|switch)(?:ed|ing|s)? (?:\w+ )?off\b|\bdeactivat\w*/g, 'disable'],
  [/\b(?:turn|switch)(?:ed|ing|s)? (?:\w+ )?on\b|\bactivat\w*/g, 'enable'],
];

const canonical = new Map(
  sameMeaning
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [first = '', ...others] = line.trim().split(/\s+/);
      return [first, ...others].map((word) => [stemmer(word), stemmer(first)] as const);
    }),
);

const canonicalTerms = new Set(canonical.values());

/**
 * The meaningful words of a text in their order: lower case, without stop words and Markdown, stemmed, words of one
 * meaning made equal. English.
 */
export function terms(text: string): string[] {
  let plain = plainText(text).normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('’', "'").toLowerCase();
  for (const [pattern, word] of phrases) plain = plain.replace(pattern, word);
  const words = plain.match(/[\p{L}\p{N}]+(?:'[\p{L}]+)?/gu) ?? [];
  return words.filter((word) => !stopWords.has(word)).map(termOf);
}

function termOf(word: string): string {
  const stem = stemmer(word.replace(/'s$/, ''));
  return canonical.get(stem) ?? stem;
}

/** How much a term says: rare ones more. Made from the texts that are compared. */
export type Weigh = (term: string) => number;

/** Weighs terms by how few of the given texts have them: 1 for a term in all of them, more for a rare one. */
export function weighBy(texts: readonly string[]): Weigh {
  const counts = new Map<string, number>();
  for (const text of texts) for (const term of new Set(terms(text))) counts.set(term, (counts.get(term) ?? 0) + 1);
  return (term) => 1 + Math.log((1 + texts.length) / (1 + (counts.get(term) ?? 0)));
}

/**
 * The terms with those that are in no text replaced by the one they were probably meant to be: at most one letter
 * wrong, missing, too many or swapped, two in words of eight letters and more.
 */
export function respell(asked: readonly string[], vocabulary: ReadonlySet<string>): string[] {
  return asked.map((term) => {
    if (vocabulary.has(term) || canonicalTerms.has(term) || term.length < 5) return term;
    const meant = nearest(term, [...canonical.keys(), ...vocabulary]);
    return meant === undefined ? term : (canonical.get(meant) ?? meant);
  });
}

/**
 * 0..1: the part of the question's terms, by weight, that the text has; misspelt ones count as meant.
 * 1 when the question has no terms.
 */
export function coverage(question: string, text: string, weigh: Weigh = () => 1): number {
  const has = new Set(terms(text));
  let found = 0;
  let all = 0;
  for (const term of new Set(respell(terms(question), has))) {
    all += weigh(term);
    if (has.has(term)) found += weigh(term);
  }
  return all === 0 ? 1 : found / all;
}
