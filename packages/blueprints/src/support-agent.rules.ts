import type { KnowledgeHit } from '@support101/agent-kit';

/** How many of the last turns of a conversation the agent looks at. */
export const turnsUsed = 5;

/** A passage the search is less sure of is noise: it is neither answered from nor shown as evidence. */
const noiseBelow = 0.1;

/** Characters of all passages together that one model call gets. */
const passageBudget = 24_000;

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

const longestSearch = 2_000;
const refersBack =
  /\b(?:it|its|that|this|these|those|they|them|there|one|same|again|instead)\b|^(?:and|but|so|or|then|what about|how about|why)\b/i;

/**
 * What to search for. A short query that refers back ("and how long does it take?") is searched together with what the
 * customer said before it; every other query stands alone.
 */
export function searchFor(query: string, history: readonly Turn[]): string {
  const before = history.findLast((turn) => turn.role === 'user' && turn.content.trim() !== '')?.content.trim();
  const words = query.trim().split(/\s+/).length;
  if (before === undefined || words > 12 || (words > 3 && !refersBack.test(query.trim()))) return query.trim();
  const room = longestSearch - query.trim().length - 1;
  return room <= 0 ? query.trim() : `${before.slice(0, room).toWellFormed()} ${query.trim()}`;
}

/** Parts of a confidence, each 0..1. */
export interface Evidence {
  /** The calibrated score of the best cited passage: how sure the search is that it answers the query. */
  readonly retrieval: number;
  /** How much of the query's words the answer and its titles have. */
  readonly coverage: number;
  /** How much of the answer its passages bear out. */
  readonly groundedness: number;
}

/**
 * How sure the agent is of its answer: retrieval × (0.85 + 0.15 × coverage) × groundedness.
 *
 * The search's score is a probability already, so nothing raises it. Coverage takes a little away when the answer leaves
 * words of the query open; only a little, since a paraphrase shares few words with a right answer. Groundedness counts in
 * full: what the passages do not say is invented. An answer of which less than six tenths is borne out counts as none.
 */
export function confidenceOf({ retrieval, coverage, groundedness }: Evidence): number {
  if (groundedness < 0.6) return 0;
  return Math.round(retrieval * (0.85 + 0.15 * coverage) * groundedness * 1000) / 1000;
}

/** The passages worth answering from: not noise, one for each article, best first. */
export function worthwhile(hits: readonly KnowledgeHit[]): KnowledgeHit[] {
  const byArticle = new Map<string, KnowledgeHit>();
  for (const hit of hits.toSorted((a, b) => b.score - a.score)) {
    if (hit.score < noiseBelow || hit.text.trim() === '') continue;
    const better = byArticle.get(hit.articleId);
    byArticle.set(hit.articleId, better === undefined ? hit : { ...better, text: joined(better.text, hit.text) });
  }
  return [...byArticle.values()];
}

function joined(first: string, second: string): string {
  return first.includes(second) ? first : `${first}\n\n${second}`;
}

/** The best passages that fit the budget, whole. The first one is cut rather than left out. */
export function withinBudget(hits: readonly KnowledgeHit[], budget = passageBudget): { kept: KnowledgeHit[]; leftOut: number } {
  const kept: KnowledgeHit[] = [];
  let room = budget;
  for (const hit of hits) {
    if (kept.length > 0 && hit.text.length > room) continue;
    kept.push({ ...hit, text: hit.text.slice(0, room).toWellFormed() });
    room -= hit.text.length;
  }
  return { kept, leftOut: hits.length - kept.length };
}

/** What comes of a question after the agent has done what it can. */
export type Verdict = 'answer' | 'ask_person' | 'give_up';

/** The one place that decides whether an answer is given, a person is asked, or the run fails. */
export function verdictOf(
  confidence: number | undefined,
  config: { readonly confidenceThreshold: number; readonly whenUnsure: 'fail' | 'ask_person' },
): Verdict {
  if (confidence !== undefined && confidence >= config.confidenceThreshold) return 'answer';
  return config.whenUnsure === 'ask_person' ? 'ask_person' : 'give_up';
}

/**
 * Whether composing an answer can lead anywhere: never without passages. The confidence cannot pass the best passage's
 * score, so without a person who could use a draft, a hopeless one is not even written.
 */
export function worthComposing(
  hits: readonly KnowledgeHit[],
  config: { readonly confidenceThreshold: number; readonly whenUnsure: 'fail' | 'ask_person' },
): boolean {
  const best = Math.max(0, ...hits.map((hit) => hit.score));
  return hits.length > 0 && (best >= config.confidenceThreshold || config.whenUnsure === 'ask_person');
}
