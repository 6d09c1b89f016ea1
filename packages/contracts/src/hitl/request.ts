import { z } from 'zod';
import { AgentId, ArticleId, id, RequestId, RunId, TenantId } from '../kernel/ids.js';
import { FreeObject, text, Timestamp } from '../kernel/text.js';

export const ReviewerId = id('rev');
export type ReviewerId = z.infer<typeof ReviewerId>;

/** What a person is asked for. */
export const RequestType = z.enum(['approval', 'review', 'feedback', 'escalation', 'override', 'clarification']);
export type RequestType = z.infer<typeof RequestType>;

/** From most to least urgent; the default SLA is 5 minutes, 15 minutes, 1 hour, 4 hours. */
export const requestPriorities = ['critical', 'high', 'medium', 'low'] as const;
export const RequestPriority = z.enum(requestPriorities);
export type RequestPriority = z.infer<typeof RequestPriority>;

/** `pending` waits, `assigned` has a holder; the others never change again. */
export const RequestStatus = z.enum(['pending', 'assigned', 'completed', 'expired', 'cancelled']);
export type RequestStatus = z.infer<typeof RequestStatus>;

/** How the request stands to its deadline; the last two are those of closed requests. */
export const SlaState = z.enum(['on_track', 'at_risk', 'breached', 'met', 'missed']);
export type SlaState = z.infer<typeof SlaState>;

/** What may be decided. A request offers some of these as `options`. */
export const decisions = ['approve', 'edit', 'respond', 'reject'] as const;
export const Decision = z.string().min(1).max(60);

/** The exact action an approval is about; `digest` is the SHA-256 over its canonical JSON, tenant, run and expiry. */
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
  expiresAt: Timestamp.optional(),
} as const;

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
    slaDeadline: Timestamp,
    slaState: SlaState,
    expiresAt: Timestamp.nullable(),
    decision: z.string().nullable(),
    reason: z.string().nullable(),
    edits: FreeObject.nullable(),
    response: z.string().nullable(),
    decidedBy: z.string().nullable(),
    decidedAt: Timestamp.nullable(),
    version: z.number().int(),
    createdAt: Timestamp,
  })
  .meta({ id: 'HitlRequest' });
export type HitlRequest = z.infer<typeof HitlRequest>;
