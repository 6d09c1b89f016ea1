import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { TenantId } from '../kernel/ids.js';
import { page, pageQuery } from '../kernel/page.js';
import { text, Timestamp } from '../kernel/text.js';
import { HitlRequest, RequestSummary, ReviewerId, StatusFilter } from './request.js';

const read = { resource: 'hitl:reviewers', level: 'read' } as const;
const change = { resource: 'hitl:reviewers', level: 'execute' } as const;
const administer = { resource: 'hitl:reviewers', level: 'admin' } as const;

const name = text(200);
const skills = z.array(text(60)).max(50);
const capacity = z.number().int().min(0).max(1000);

/** A person whom requests may be assigned to. `openAssignments` is what counts against `capacity`. */
export const Reviewer = z
  .object({
    reviewerId: ReviewerId,
    tenantId: TenantId,
    name: z.string(),
    /** The principal this person signs in as; what it claims is the reviewer’s. */
    principalId: z.string().nullable(),
    skills: z.array(z.string()),
    capacity: z.number().int(),
    available: z.boolean(),
    openAssignments: z.number().int(),
    version: z.number().int(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Reviewer' });
export type Reviewer = z.infer<typeof Reviewer>;

/** Makes a reviewer. */
export const createReviewer = rpc('hitl.reviewers.create.v1', {
  summary: 'Create a reviewer',
  access: administer,
  http: {
    method: 'POST',
    path: '/v1/hitl/reviewers',
    status: 201,
    location: (reviewer) => `/v1/hitl/reviewers/${reviewer.reviewerId}`,
  },
  input: z.object({
    name,
    principalId: text(200).optional(),
    /** Compared without regard to case. */
    skills: skills.default([]),
    /** How many open requests may be assigned to this person at once. */
    capacity: capacity.default(10),
    available: z.boolean().default(true),
  }),
  output: Reviewer,
  errors: ['reviewer_exists'],
});

/** Lists the reviewers of a tenant, newest first. */
export const listReviewers = rpc('hitl.reviewers.list.v1', {
  summary: 'List the reviewers',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/reviewers' },
  input: z.object({ ...pageQuery, available: z.boolean().optional() }),
  output: page(Reviewer),
  errors: ['cursor_invalid'],
});

/** Reads one reviewer. */
export const getReviewer = rpc('hitl.reviewers.get.v1', {
  summary: 'Read one reviewer',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/reviewers/{reviewerId}', etag: true },
  input: z.object({ reviewerId: ReviewerId }),
  output: Reviewer,
  errors: ['reviewer_not_found'],
});

/** Changes a reviewer; what is left out stays. Requests already assigned stay assigned. */
export const updateReviewer = rpc('hitl.reviewers.update.v1', {
  summary: 'Change a reviewer',
  access: change,
  http: { method: 'PATCH', path: '/v1/hitl/reviewers/{reviewerId}', etag: true },
  input: z.object({
    reviewerId: ReviewerId,
    name: name.optional(),
    principalId: text(200).nullable().optional(),
    skills: skills.optional(),
    capacity: capacity.optional(),
    available: z.boolean().optional(),
    expectedVersion: z.number().int().positive().optional(),
  }),
  output: Reviewer,
  errors: ['reviewer_not_found', 'reviewer_exists', 'version_mismatch'],
});

/** What a reviewer looks at first: the own open requests and the most urgent ones that nobody holds. */
export const reviewerDashboard = rpc('hitl.reviewers.dashboard.v1', {
  summary: 'What a reviewer has to do and could do',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/reviewers/{reviewerId}/dashboard' },
  input: z.object({ reviewerId: ReviewerId }),
  output: z.object({
    reviewer: Reviewer,
    /** At most 20 each, the most urgent ones. */
    assignments: z.array(RequestSummary),
    pending: z.array(RequestSummary),
    pendingInQueue: z.number().int(),
  }),
  errors: ['reviewer_not_found'],
});

/** Lists the requests assigned to a reviewer: the open ones unless a status is named. */
export const listAssignments = rpc('hitl.reviewers.assignments.v1', {
  summary: 'List the requests of a reviewer, the most urgent first',
  access: read,
  http: { method: 'GET', path: '/v1/hitl/reviewers/{reviewerId}/assignments' },
  input: z.object({ ...pageQuery, reviewerId: ReviewerId, status: StatusFilter }),
  output: page(HitlRequest),
  errors: ['reviewer_not_found', 'cursor_invalid'],
});

const ofReviewer = (data: { reviewerId: string }) => `reviewer:${data.reviewerId}`;
const fact = { reviewerId: ReviewerId, name: z.string(), available: z.boolean(), capacity: z.number().int() };

/** A reviewer was made. */
export const reviewerCreated = event('hitl.reviewers.created.v1', {
  summary: 'A reviewer was created',
  data: z.object(fact),
  resource: ofReviewer,
  audit: 'data_modified',
});

/** A reviewer was changed. */
export const reviewerUpdated = event('hitl.reviewers.updated.v1', {
  summary: 'A reviewer was changed',
  data: z.object({ ...fact, changed: z.array(z.string()) }),
  resource: ofReviewer,
  audit: 'data_modified',
});
