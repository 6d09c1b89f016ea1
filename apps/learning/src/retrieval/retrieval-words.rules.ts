/** The words of a text, in order, in lower case. */
export function wordsOf(text: string): string[] {
  return (text.match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)*/gu) ?? []).map((word) => word.toLowerCase().replaceAll('’', "'"));
}

/** What the forms of a word have in common: crude, but the same wherever it is used. */
export function fold(word: string): string {
  const plain = word.toLowerCase().replaceAll('’', "'").replace(/'s$/, '');
  if (plain.length <= 4) return plain.replace(/(?<=..)s$/, '');
  return plain.replace(/(?:ations?|ing|ied|ies|ed|es|er|s|e|y)$/, '').replace(/([bdfgklmnprt])\1$/, '$1');
}

const stopWords = new Set(
  `a an the this that these those there here it its i me my mine myself we us our ours you your yours he him his she her they
   them their one ones am is are was were be been being do does did done doing have has had having can could will would
   shall should may might must of to in on at by for from with as into onto over than then so if or and but nor not no
   n't don't doesn't didn't can't cannot won't isn't aren't wasn't weren't i'm i've i'd i'll it's you're we're that's
   what which who whom whose when where why how all any some both each few more most other such only own same too very
   just now again also ever still yet please hi hello hey thanks thank about up out off down`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** True for a word that says nothing about the subject. */
export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}

/** The words of a text that say something about its subject, folded. */
export function contentWords(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !isStopWord(word))
    .map(fold);
}
