import type { OutputOf, RequestId, RunId } from '@support101/contracts';
import type { RunDecision, traceRun } from '@support101/contracts/agent-runtime';
import type { PathId } from '@support101/contracts/learning';
import { z } from 'zod';

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

const Question = z.object({ query: z.string().min(1) });
const Answer = z.object({ answer: z.string().min(1) });
const Found = z.object({ hits: z.array(z.object({ articleId: z.string() })) });

/** How often a path was confirmed, turned down and used. */
export interface Counts {
  readonly successCount: number;
  readonly failureCount: number;
  readonly useCount: number;
}

/** Below this share of confirmations a path is not used any more. */
export const retiredBelow = 0.3;

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

/**
 * What a run teaches. Only a person’s decision makes a lesson: an answer that the agent gave alone proves nothing.
 * A path whose answer a person replaced or rejected was wrong here, one that was approved was right.
 */
export function effectsOf({ run, steps, decisions }: Trace): Effects {
  const decision = decisions.at(-1);
  const question = Question.safeParse(run.input);
  const answer = answerOf(decision, run.output);
  const lesson =
    decision === undefined || answer === undefined || !question.success || run.status !== 'completed'
      ? undefined
      : {
          ...answer,
          question: question.data.query,
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
  const edited = Answer.safeParse(decision.edits);
  if (decision.decision === 'edit' && edited.success) return { answer: edited.data.answer, origin: 'corrected' };
  if (decision.decision === 'respond' && decision.response) return { answer: decision.response, origin: 'corrected' };
  const given = Answer.safeParse(output);
  return decision.decision === 'approve' && given.success ? { answer: given.data.answer, origin: 'approved' } : undefined;
}

function wasDecided({ decision }: RunDecision): boolean {
  return ['approve', 'edit', 'respond', 'reject'].includes(decision);
}

/** Ids of the articles and paths that the run’s steps found, the best of each step first. */
function lookedAt(steps: Trace['steps']): string[] {
  const found = steps.flatMap(({ result }) => {
    const hits = Found.safeParse(result);
    return hits.success ? hits.data.hits.map(({ articleId }) => articleId) : [];
  });
  return [...new Set(found)];
}

function isPath(entry: string): entry is PathId {
  return entry.startsWith('gpt_');
}
