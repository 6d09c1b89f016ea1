import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { AgentId, RequestId, RunId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { FreeObject, text, Timestamp } from '../kernel/text.js';
import { Decision, HitlRequest, RequestPriority, RequestStatus, RequestType, ReviewerId, StatusFilter } from './request.js';

const read = { resource: 'hitl:requests', level: 'read' } as const;
const act = { resource: 'hitl:requests', level: 'execute' } as const;
const administer = { resource: 'hitl:requests', level: 'admin' } as const;

/** Lists the queue: most urgent first, then oldest first. A page ends early where its requests are large. */
export const listRequests = rpc('hitl.requests.list.v1', {
  summary: 'List requests, the most urgent first: the open ones unless a status is named',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/queue' },
  input: z.object({
    ...pageQuery,
    status: StatusFilter,
    priority: RequestPriority.optional(),
    type: RequestType.optional(),
    /** A reviewer’s id, a principal’s id, or `me`. */
    assignee: text(200).optional(),
    agentId: AgentId.optional(),
  }),
  output: page(HitlRequest),
  errors: ['cursor_invalid'],
});

/** Reads one request. */
export const getRequest = rpc('hitl.requests.get.v1', {
  summary: 'Read one request',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/queue/{requestId}', etag: true },
  input: z.object({ requestId: RequestId }),
  output: HitlRequest,
  errors: ['request_not_found'],
});

/** Makes the caller the holder for the time of the lease; claiming again renews it. */
export const claimRequest = rpc('hitl.requests.claim.v1', {
  summary: 'Claim a request',
  access: act,
  http: { method: 'POST', path: '/v1/hitl/queue/{requestId}/claim' },
  input: z.object({ requestId: RequestId }),
  output: HitlRequest,
  errors: ['request_not_found', 'request_claimed', 'request_closed'],
});

/** Gives a request to a reviewer, who may then claim it. Until then it keeps nobody else out. */
export const assignRequest = rpc('hitl.requests.assign.v1', {
  summary: 'Assign a request to a reviewer',
  access: act,
  http: { method: 'POST', path: '/v1/hitl/queue/{requestId}/assign' },
  input: z.object({ requestId: RequestId, reviewerId: ReviewerId }),
  output: HitlRequest,
  errors: ['request_not_found', 'request_closed', 'request_claimed', 'reviewer_not_found', 'reviewer_unavailable'],
});

/** Puts an open request back into the queue. */
export const unassignRequest = rpc('hitl.requests.unassign.v1', {
  summary: 'Put a request back into the queue',
  access: act,
  http: { method: 'POST', path: '/v1/hitl/queue/{requestId}/unassign' },
  input: z.object({ requestId: RequestId }),
  output: HitlRequest,
  errors: ['request_not_found', 'request_closed', 'request_claimed'],
});

/** Records the decision, exactly once. Needs no claim, unless somebody else holds a live one. */
export const respondToRequest = rpc('hitl.requests.respond.v1', {
  summary: 'Record a reviewer’s decision on an open request',
  access: act,
  http: { method: 'POST', path: '/v1/hitl/queue/{requestId}/respond', etag: true },
  input: z.object({
    requestId: RequestId,
    decision: Decision,
    reason: text(2000).optional(),
    /** The changed arguments of the action, or `{ answer }` where the request is about an answer. */
    edits: FreeObject.optional(),
    /** The answer in free text, for `respond`. */
    response: text(20_000).optional(),
    expectedVersion: z.number().int().positive().optional(),
  }),
  output: HitlRequest,
  errors: [
    'request_not_found',
    'request_claimed',
    'request_closed',
    'request_already_decided',
    'decision_not_offered',
    'edits_invalid',
    'version_mismatch',
  ],
});

/** Takes an open request back; the run that waits for it ends. */
export const cancelRequest = rpc('hitl.requests.cancel.v1', {
  summary: 'Cancel an open request',
  access: administer,
  http: { method: 'POST', path: '/v1/hitl/queue/{requestId}/cancel' },
  input: z.object({ requestId: RequestId, reason: text(2000) }),
  output: HitlRequest,
  errors: ['request_not_found', 'request_closed'],
});

/** Counts of the tenant’s queue and how fast people answer. */
export const hitlStats = rpc('hitl.requests.stats.v1', {
  summary: 'Numbers of the queue',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/stats' },
  input: z.object({}),
  output: z.object({
    /** Of all requests there ever were. */
    byStatus: z.record(RequestStatus, z.number().int()),
    openByPriority: z.record(RequestPriority, z.number().int()),
    /** Open requests past their deadline. */
    openBreached: z.number().int(),
    /** Requests that were open at their deadline, whatever became of them. */
    breachedTotal: z.number().int(),
    /** Requests of type escalation: open now, and ever. */
    escalations: z.object({ open: z.number().int(), total: z.number().int() }),
    averageSecondsToDecision: z.number().nullable(),
    reviewers: z.object({ total: z.number().int(), available: z.number().int() }),
  }),
  errors: [],
});

const ofRequest = (data: { requestId: string }) => `request:${data.requestId}`;
const identity = {
  requestId: RequestId,
  runId: RunId.nullable(),
  agentId: AgentId.nullable(),
  type: RequestType,
  priority: RequestPriority,
};

/** A request stands in the queue and can be seen by its id. */
export const requestOpened = event('hitl.requests.opened.v1', {
  summary: 'A request to a person was opened',
  data: z.object({ ...identity, title: z.string(), slaDeadline: Timestamp }),
  resource: ofRequest,
  audit: 'human_feedback_requested',
});

/** The tenant’s queue was full: no request was opened for this wish. */
export const requestRefused = event('hitl.requests.refused.v1', {
  summary: 'A request to a person was refused because the tenant’s queue is full',
  data: z.object({ ...identity, limit: z.number().int() }),
  resource: ofRequest,
  audit: 'rate_limit_exceeded',
  outcome: () => 'refused',
});

/** A request got a holder: claimed by a person or assigned to one. */
export const requestAssigned = event('hitl.requests.assigned.v1', {
  summary: 'A request got a holder',
  data: z.object({ ...identity, assignedTo: z.string(), how: z.enum(['claimed', 'assigned', 'automatic']) }),
  resource: ofRequest,
  audit: 'human_feedback_requested',
});

/** A request is back in the queue: put back, or its holder’s lease ran out. */
export const requestReleased = event('hitl.requests.released.v1', {
  summary: 'A request went back into the queue',
  data: z.object({ ...identity, how: z.enum(['unassigned', 'lease_expired']) }),
  resource: ofRequest,
  audit: 'human_feedback_requested',
  outcome: (data) => data.how,
});

/** A person decided. */
export const requestDecided = event('hitl.requests.decided.v1', {
  summary: 'A request was decided by a person',
  data: z.object({
    ...identity,
    decision: z.string(),
    reason: z.string().optional(),
    edits: FreeObject.optional(),
    response: z.string().optional(),
    decidedBy: z.object({ type: z.string(), id: z.string() }),
    secondsToDecision: z.number(),
    /** Digest of the action that may now be executed: the one that was shown, or for `edit` that with the edits as arguments. */
    actionDigest: z.string().optional(),
    version: z.number().int(),
  }),
  resource: ofRequest,
  audit: 'human_feedback_provided',
  outcome: (data) => data.decision,
});

/**
 * Somebody's answer was refused; nothing about the request has changed. Told in the tenant of who tried, also where the
 * request is none of that tenant's.
 */
export const answerRefused = event('hitl.requests.answer-refused.v1', {
  summary: 'An answer to a request was refused',
  data: z.object({ requestId: RequestId, decision: z.string(), code: z.string(), detail: z.string() }),
  resource: ofRequest,
  audit: 'human_feedback_provided',
  outcome: () => 'refused',
});

/** Nobody decided in time. */
export const requestExpired = event('hitl.requests.expired.v1', {
  summary: 'A request expired undecided',
  data: z.object(identity),
  resource: ofRequest,
  audit: 'human_feedback_provided',
  outcome: () => 'expired',
});

/** A request was taken back. */
export const requestCancelled = event('hitl.requests.cancelled.v1', {
  summary: 'A request was cancelled',
  data: z.object({ ...identity, reason: z.string() }),
  resource: ofRequest,
  audit: 'human_feedback_provided',
  outcome: () => 'cancelled',
});

/** A quarter of the time to the deadline is left and the request is still open. Said once per request. */
export const requestSlaWarned = event('hitl.requests.sla-warned.v1', {
  summary: 'A request is close to its SLA deadline',
  data: z.object({ ...identity, slaDeadline: Timestamp, assignedTo: z.string().nullable() }),
  resource: ofRequest,
  audit: 'human_feedback_requested',
  outcome: () => 'at_risk',
});

/** The deadline passed while the request was open. Said once per request. */
export const requestSlaBreached = event('hitl.requests.sla-breached.v1', {
  summary: 'A request was not decided within its SLA',
  data: z.object({ ...identity, slaDeadline: Timestamp, assignedTo: z.string().nullable() }),
  resource: ofRequest,
  audit: 'sla_breached',
  outcome: () => 'breached',
});
