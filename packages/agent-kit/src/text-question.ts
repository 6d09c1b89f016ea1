/** What a question wants: to be told what to do, whether it may, a number or time, or another fact. */
export type Asked = 'steps' | 'permission' | 'number' | 'fact';

const number =
  /\bhow (?:long|much|many|often|soon|far|old|big|large|late|early|fast|quickly|heavy)\b|\bwhen (?!i\b|my\b|the\b)|^when\b|\bat what time\b|\bwhat (?:is|are|was) the (?:price|cost|fee|deadline|minimum|maximum|limit)\b/;
const whatToDo =
  /\bhow\b|\bwhere (?:do|can|would|should|must|could) (?:i|we)\b|\bwhat (?:do|should|can|must|could) (?:i|we) do\b|\bwhat now\b|\bwhat next\b|\bsteps\b|\bhelp me\b/;
const permission = /\b(?:can|could|may|might) (?:i|we|you|my|the|it|they)\b|\b(?:am|are) (?:i|we) allowed\b|\bis it possible\b/;
const fact = /^(?:what|which|who|whose|whom|why|where|is|are|was|were|do|does|did|will|would|has|have|had|should|must|am)\b/;

/** What a question wants, by its form. Something that is not put as a question wants to be told what to do. English. */
export function asksFor(question: string): Asked {
  const plain = lastQuestion(question.toLowerCase().replaceAll('’', "'"));
  if (number.test(plain)) return 'number';
  if (whatToDo.test(plain)) return 'steps';
  if (permission.test(plain)) return 'permission';
  return fact.test(plain) ? 'fact' : 'steps';
}

/** The last sentence that ends with a question mark, or the whole text: people tell their story first. */
function lastQuestion(text: string): string {
  const asked = text
    .match(/[^.!?]+\?/g)
    ?.at(-1)
    ?.trim();
  return asked === undefined || asked === ''
    ? text.trim()
    : asked.replace(/^(?:hi|hello|hey|please|so|and|but|then|also|ok|okay)[, ]+/g, '');
}
