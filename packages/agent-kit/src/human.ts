import { z } from 'zod';
import type { KnownFailure } from './failure.js';
import type { JsonValue } from './json.js';

/** How a run can end for the customer. `failed` is given by the runtime, the others by the blueprint. */
export const outcomes = ['resolved', 'assisted', 'escalated', 'abandoned', 'failed'] as const;
/** How one run ended. */
export type Outcome = (typeof outcomes)[number];
/** The outcomes a blueprint may finish with. */
export type FinishOutcome = Exclude<Outcome, 'failed'>;

/** Why a person is asked. */
export const interruptTypes = ['approval', 'review', 'clarification', 'feedback', 'escalation', 'override'] as const;
/** Why one person is asked. */
export type InterruptType = (typeof interruptTypes)[number];

/** How urgent a request to a person is, most urgent first. */
export const priorities = ['critical', 'high', 'medium', 'low'] as const;
/** The urgency of one request. */
export type Priority = (typeof priorities)[number];

const PlainValue = z.json() as z.ZodType<JsonValue>;
const PlainObject = z.record(z.string(), PlainValue);

/** What a step returns when a person must decide before the run goes on. */
export const Interrupt = z.strictObject({
  type: z.enum(interruptTypes),
  title: z.string().min(1).max(200),
  question: z.string().min(1).max(4000),
  /** The decisions offered, e.g. approve, edit, reject, respond. */
  options: z
    .array(z.string().regex(/^[a-z][a-z_]{0,31}$/))
    .min(1)
    .max(10),
  priority: z.enum(priorities),
  /** The exact tool call that waits for approval. The runtime adds version and digest. */
  action: z.strictObject({ tool: z.string(), arguments: PlainObject }).optional(),
  /** The answer as far as the agent got, for the person to edit. */
  draft: z.string().max(20_000).optional(),
  /** What the draft rests on. */
  evidence: z
    .array(
      z.strictObject({
        articleId: z.string(),
        title: z.string(),
        excerpt: z.string().max(4000),
        score: z.number(),
        url: z.string().optional(),
      }),
    )
    .max(20)
    .optional(),
  context: PlainObject.default({}),
});
export type Interrupt = z.output<typeof Interrupt>;

/** What a person decided about an interrupt; the runtime hands it to the blueprint's `resume`. */
export const Decision = z.object({
  requestId: z.string(),
  /** One of the interrupt's options; a request that nobody decides ends the run before the agent hears of it. */
  decision: z.string(),
  /** Changed action arguments, or `{ answer }` where the request is about an answer. */
  edits: PlainObject.optional(),
  /** Free text of the person, for `respond`. */
  response: z.string().optional(),
  reason: z.string().optional(),
  decidedBy: z.string().optional(),
});
export type Decision = z.output<typeof Decision>;

const undecided: Readonly<Record<string, KnownFailure>> = {
  expired: 'human_request_expired',
  cancelled: 'human_request_cancelled',
  refused: 'hitl_queue_full',
};

/** The failure of a run whose request was not decided by a person (`expired`, `cancelled`, `refused`); else undefined. */
export function undecidedFailure(decision: string): KnownFailure | undefined {
  return Object.hasOwn(undecided, decision) ? undecided[decision] : undefined;
}

const endedBy: Readonly<Record<string, Outcome>> = {
  rejected_by_reviewer: 'escalated',
  human_request_expired: 'abandoned',
  human_request_cancelled: 'abandoned',
};

/** How a run that failed for this reason turned out for the customer. */
export function outcomeOfFailure(code: string): Outcome {
  return Object.hasOwn(endedBy, code) ? (endedBy[code] ?? 'failed') : 'failed';
}

/** What a step noticed that an escalation rule may react to. */
export const EscalationSignals = z.strictObject({
  confidence: z.number().min(0).max(1).optional(),
  sentiment: z.enum(['positive', 'neutral', 'negative', 'frustrated', 'angry']).optional(),
  isVip: z.boolean().optional(),
  failureCount: z.int().min(0).optional(),
  topic: z.string().max(64).optional(),
});
export type EscalationSignals = z.output<typeof EscalationSignals>;
