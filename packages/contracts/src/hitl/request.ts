import { z } from 'zod';
import { canonicalJson } from '../kernel/canonical.js';
import { AgentId, ArticleId, id, RequestId, RunId, TenantId } from '../kernel/ids.js';
import { FreeObject, text, Timestamp } from '../kernel/text.js';

export const ReviewerId = id('rev');
export type ReviewerId = z.infer<typeof ReviewerId>;

/** What a person is asked for. */
export const RequestType = z.enum(['approval', 'review', 'feedback', 'escalation', 'override', 'clarification']);
export type RequestType = z.infer<typeof RequestType>;

/** From most to least urgent; the default SLA is 5 minutes, 15 minutes, 1 hour, 4 hours. */
export const requestPriorities = ['critical', 'high', 'medium', 'low'] as const;
/** How urgent a request is. */
export const RequestPriority = z.enum(requestPriorities);
export type RequestPriority = z.infer<typeof RequestPriority>;

/** `pending` waits, `assigned` has a holder; the others never change again. */
export const RequestStatus = z.enum(['pending', 'assigned', 'completed', 'expired', 'cancelled']);
export type RequestStatus = z.infer<typeof RequestStatus>;

/** How the request stands to its deadline; the last two are those of closed requests. */
export const SlaState = z.enum(['on_track', 'at_risk', 'breached', 'met', 'missed']);
export type SlaState = z.infer<typeof SlaState>;

/** Which requests a list shows: those of one status, the `open` ones (pending or assigned), or all. */
export const StatusFilter = z.enum([...RequestStatus.options, 'open', 'all']).default('open');

/**
 * The decisions with a meaning of their own. `edit` comes with `edits`, `respond` with `response`. A request may offer
 * others as well, which are between the agent and the person.
 */
export const decisions = ['approve', 'edit', 'respond', 'reject'] as const;
/** A decision on the wire: one of the request’s `options`. */
export const Decision = text(60);

/** The exact action an approval is about; `digest` is the SHA-256 over `digestText`. */
export const ProposedAction = z
  .object({ tool: z.string(), toolVersion: z.string(), arguments: FreeObject, digest: z.string().regex(/^[0-9a-f]{64}$/) })
  .meta({ id: 'ProposedAction' });
export type ProposedAction = z.infer<typeof ProposedAction>;

/** What the agent looked at: a passage of an article or an earlier resolution, with how sure the search was. */
export const Evidence = z
  .object({
    articleId: ArticleId.optional(),
    pathId: id('gpt').optional(),
    title: z.string(),
    text: z.string(),
    score: z.number(),
  })
  .meta({ id: 'Evidence' });
export type Evidence = z.infer<typeof Evidence>;

/** Which escalation rule made the request. */
export const EscalationMark = z
  .object({ rule: z.string(), trigger: z.string(), level: z.string() })
  .meta({ id: 'EscalationMark' });
export type EscalationMark = z.infer<typeof EscalationMark>;

/** What the asking side says about a request: the part that never changes. */
export const requestContent = {
  requestId: RequestId,
  type: RequestType,
  priority: RequestPriority,
  title: text(300),
  question: text(8000),
  options: z.array(Decision).min(1).max(10),
  action: ProposedAction.optional(),
  /** The answer the agent would have given, for the person to start from. */
  draft: z.string().max(20_000).optional(),
  evidence: z.array(Evidence).max(20),
  context: FreeObject,
  runId: RunId.optional(),
  agentId: AgentId.optional(),
  escalation: EscalationMark.optional(),
  /** What the person must know about; automatic assignment looks for a reviewer who has them all. */
  skills: z.array(text(60)).max(20).optional(),
  /** When the question is moot. It then expires undecided; without it, it waits. */
  expiresAt: Timestamp.optional(),
} as const;

/** A wish for a request: everything the asking side says. */
export const RequestContent = z.object(requestContent);
export type RequestContent = z.infer<typeof RequestContent>;

/** A question to a person, in a tenant’s queue. */
export const HitlRequest = z
  .object({
    ...requestContent,
    tenantId: TenantId,
    status: RequestStatus,
    runId: RunId.nullable(),
    agentId: AgentId.nullable(),
    /** The reviewer’s id, or the principal’s where there is no reviewer record; null while nobody holds it. */
    assignedTo: z.string().nullable(),
    /** Until when the holder’s claim keeps others out. */
    claimExpiresAt: Timestamp.nullable(),
    skills: z.array(z.string()),
    slaDeadline: Timestamp,
    slaState: SlaState,
    expiresAt: Timestamp.nullable(),
    decision: z.string().nullable(),
    /** Why it was decided so, or cancelled. */
    reason: z.string().nullable(),
    edits: FreeObject.nullable(),
    response: z.string().nullable(),
    /** Digest of the action that may now be executed: the one that was shown, or the edited one. */
    decidedDigest: z.string().nullable(),
    decidedBy: z.string().nullable(),
    decidedAt: Timestamp.nullable(),
    version: z.number().int(),
    createdAt: Timestamp,
  })
  .meta({ id: 'HitlRequest' });
export type HitlRequest = z.infer<typeof HitlRequest>;

/** A request without what may be long. */
export const RequestSummary = HitlRequest.pick({
  requestId: true,
  type: true,
  priority: true,
  status: true,
  title: true,
  runId: true,
  agentId: true,
  assignedTo: true,
  slaDeadline: true,
  slaState: true,
  createdAt: true,
}).meta({ id: 'RequestSummary' });
export type RequestSummary = z.infer<typeof RequestSummary>;

/** What an action’s digest is made over. */
export interface DigestedAction {
  readonly tool: string;
  readonly toolVersion: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly tenantId: TenantId;
  /** Undefined and null mean the same: none. */
  readonly runId?: RunId | null | undefined;
  /** Undefined and null mean the same: it does not expire. */
  readonly expiresAt?: string | null | undefined;
}

/** The text whose SHA-256, in hex, is an action’s `digest`: whoever asks, shows or executes makes it in this way. */
export function digestText(action: DigestedAction): string {
  const { tool, toolVersion, arguments: given, tenantId, runId, expiresAt } = action;
  return canonicalJson({
    tool,
    toolVersion,
    arguments: given,
    tenantId,
    runId: runId ?? undefined,
    // Always in the same form, whoever writes it.
    expiresAt: expiresAt === undefined || expiresAt === null ? undefined : new Date(expiresAt).toISOString(),
  });
}
