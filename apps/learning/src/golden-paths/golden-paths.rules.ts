import type { OutputOf, RequestId, RunId } from '@support101/contracts';
import type { RunDecision, traceRun } from '@support101/contracts/agent-runtime';
import type { PathId } from '@support101/contracts/learning';

/** A whole run, as agent-runtime tells it. */
export type Trace = OutputOf<typeof traceRun>;

/** What a person’s decision teaches: this question has this answer. */
export interface Lesson {
  readonly question: string;
  readonly answer: string;
  readonly origin: 'approved' | 'corrected';
  readonly steps: readonly string[];
  readonly evidence: readonly string[];
  readonly runId: RunId;
  readonly requestId: RequestId | null;
  readonly decidedBy: string | null;
}

/** What a run means for the paths it looked at and for the one it may become. */
export interface Effects {
  readonly lesson: Lesson | undefined;
  /** Paths whose answer was given, and what became of it. */
  readonly used: readonly { readonly pathId: PathId; readonly effect: 'confirmed' | 'turned_down' | 'used' }[];
}

/** How often a path was confirmed, turned down and used. */
export interface Counts {
  readonly successCount: number;
  readonly failureCount: number;
  readonly useCount: number;
}

/** Below this share of confirmations a path is not used any more. */
const retiredBelow = 0.3;

/** The share of confirmations; 0 before the first decision. */
export function successRate({ successCount, failureCount }: Pick<Counts, 'successCount' | 'failureCount'>): number {
  const all = successCount + failureCount;
  return all === 0 ? 0 : successCount / all;
}

/** Whether a path with these counts may answer. */
export function statusOf(counts: Counts): 'active' | 'retired' {
  return counts.failureCount > 0 && successRate(counts) < retiredBelow ? 'retired' : 'active';
}

/** The counts after one more effect. */
export function counted(counts: Counts, effect: 'created' | 'confirmed' | 'corrected' | 'turned_down' | 'used'): Counts {
  const { successCount, failureCount, useCount } = counts;
  if (effect === 'used') return { successCount, failureCount, useCount: useCount + 1 };
  if (effect === 'turned_down') return { successCount, failureCount: failureCount + 1, useCount };
  return { successCount: successCount + 1, failureCount, useCount };
}

/** What a lesson is to the path of the same question: a new answer starts with a clean record, since the old one was turned down. */
export function learned(
  before: (Counts & { readonly answer: string }) | undefined,
  answer: string,
): { effect: 'created' | 'confirmed' | 'corrected'; counts: Counts } {
  const clean = { successCount: 0, failureCount: 0, useCount: before?.useCount ?? 0 };
  if (before === undefined) return { effect: 'created', counts: counted(clean, 'created') };
  if (before.answer === answer) return { effect: 'confirmed', counts: counted(before, 'confirmed') };
  return { effect: 'corrected', counts: counted(clean, 'corrected') };
}

/**
 * What a run teaches. Only a person’s decision makes a lesson: an answer that the agent gave alone proves nothing.
 * A path whose answer a person replaced or rejected was wrong here, one that was approved was right.
 */
export function effectsOf({ run, steps, decisions }: Trace): Effects {
  const decision = decisions.at(-1);
  const question = textIn(run.input, 'query');
  const answer = answerOf(decision, run.output);
  const lesson =
    decision === undefined || answer === undefined || question === undefined || run.status !== 'completed'
      ? undefined
      : {
          ...answer,
          question,
          steps: steps.map(({ action }) => action),
          evidence: lookedAt(steps),
          runId: run.runId,
          requestId: decision.requestId,
          decidedBy: decision.decidedBy ?? null,
        };
  if (decision === undefined || !wasDecided(decision)) return { lesson, used: [] };
  const effect = decision.decision === 'approve' ? 'confirmed' : 'turned_down';
  return {
    lesson,
    used: lookedAt(steps)
      .slice(0, 1)
      .filter(isPath)
      .map((pathId) => ({ pathId, effect })),
  };
}

/** What a run without a person means for the paths that its answer names: they were used, which proves nothing. */
export function unaided(pathIds: readonly PathId[]): Effects {
  return { lesson: undefined, used: pathIds.map((pathId) => ({ pathId, effect: 'used' })) };
}

/** The text by which two questions count as the same one. */
export function fingerprintText(blueprint: string, question: string): string {
  const words = question
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return JSON.stringify(['golden-path-v1', blueprint, words]);
}

function answerOf(decision: RunDecision | undefined, output: unknown): Pick<Lesson, 'answer' | 'origin'> | undefined {
  if (decision === undefined) return undefined;
  // Without blanks around it, as the customer got it.
  const written = (decision.decision === 'edit' ? textIn(decision.edits, 'answer') : decision.response)?.trim();
  if (['edit', 'respond'].includes(decision.decision) && written) return { answer: written, origin: 'corrected' };
  const given = textIn(output, 'answer');
  return decision.decision === 'approve' && given !== undefined ? { answer: given, origin: 'approved' } : undefined;
}

/** The text under `field`, if there is one that is not empty. */
function textIn(value: unknown, field: string): string | undefined {
  const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function wasDecided({ decision }: RunDecision): boolean {
  return ['approve', 'edit', 'respond', 'reject'].includes(decision);
}

/** Ids of the articles and paths that the run’s steps found, the best of each step first. */
function lookedAt(steps: Trace['steps']): string[] {
  const hits = steps.flatMap(({ result }) => (Array.isArray(result['hits']) ? (result['hits'] as unknown[]) : []));
  return [...new Set(hits.flatMap((hit) => textIn(hit, 'articleId') ?? []))];
}

function isPath(entry: string): entry is PathId {
  return entry.startsWith('gpt_');
}
