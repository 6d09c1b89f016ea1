// Few and plain: a rule that fires wrongly takes an answer away from a customer who would have had it at once. What is
// merely about a subject ("is my data encrypted?") is answered; what only a person should handle is told.

const topics = {
  legal: /\b(?:(?:my|a|our) (?:lawyer|attorney|solicitor)|lawsuit|legal action|take you to court|sue you|suing you)\b/i,
  security:
    /\b(?:(?:i|we)(?:['’]ve| have)? (?:been|was|were|got) hacked|(?:been|was|were|got) (?:hacked|phished)|(?:was|been) (?:compromised|breached)|data breach)\b/i,
  privacy: /\b(?:gdpr|ccpa|data protection (?:authority|officer)|right to (?:be forgotten|erasure)|subject access request)\b/i,
  complaint:
    /\b(?:(?:file|make|submit|lodge|raise) (?:a|an official|a formal) complaint|formal complaint|(?:i|we) (?:want|wish|would like) to complain)\b/i,
} as const;

const angry =
  /\b(?:(?:this|that|it) is (?:absolutely |totally |completely )?(?:unacceptable|outrageous|a disgrace|ridiculous)|i(?:['’]m| am) (?:so |very |absolutely |really )?(?:furious|angry|livid|outraged)|worst (?:service|support|company)|scammers?|fed up with|sick (?:and tired )?of (?:this|your|you))\b/i;

/** The subject only a person should handle, if the customer's words name one. */
export function topicOf(query: string): keyof typeof topics | undefined {
  for (const [topic, words] of Object.entries(topics)) if (words.test(query)) return topic as keyof typeof topics;
  return undefined;
}

/** `angry` when the customer says so in so many words. */
export function sentimentOf(query: string): 'angry' | undefined {
  return angry.test(query) ? 'angry' : undefined;
}

const categories = {
  account:
    /\b(?:log[ -]?in|sign[ -]?(?:in|up|on)|pass(?:word|code)s?|account|profile|e-?mail address|two-factor|2fa|user ?name)\b/gi,
  billing: /\b(?:bill(?:s|ing|ed)?|invoices?|pay(?:ments?|ing)?|charged?|card|subscription|plan|price|vat|direct debit)\b/gi,
  shipping: /\b(?:ship(?:s|ping|ped|ment)?|deliver(?:y|s|ed|ies)?|parcels?|packages?|courier|track(?:ing)?|arrives?)\b/gi,
  returns: /\b(?:returns?|returned|refund(?:s|ed)?|exchange|money back|warranty|send (?:it|them) back)\b/gi,
  orders: /\b(?:orders?|ordered|basket|checkout|vouchers?|gift cards?|in stock|sold out)\b/gi,
  technical: /\b(?:error|crash(?:es|ed)?|bug|broken|not work(?:ing)?|offline|wi-?fi|bluetooth|firmware|app|install|reset)\b/gi,
} as const;

/**
 * What a question is about, for reports and playbooks: the category most of whose words are in the texts; of as many, the
 * one that is listed first; `general` where there are none.
 */
export function categoryOf(...texts: readonly string[]): string {
  const all = texts.join('\n');
  const found = Object.entries(categories).map(([name, words]) => ({ name, count: all.match(words)?.length ?? 0 }));
  const most = found.reduce((best, each) => (each.count > best.count ? each : best), { name: 'general', count: 0 });
  return most.name;
}
