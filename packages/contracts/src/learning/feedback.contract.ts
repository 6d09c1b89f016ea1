import { z } from 'zod';
import { event, rpc } from '../kernel/contract.js';
import { id, RunId } from '../kernel/ids.js';
import { text, Timestamp } from '../kernel/text.js';

/** Id of one piece of feedback. */
export const FeedbackId = id('fbk');
export type FeedbackId = z.infer<typeof FeedbackId>;

const given = {
  /** The ticket’s id in the system it came from. */
  ticketId: text(200).optional(),
  runId: RunId.optional(),
  /** 1 (bad) to 5 (good). */
  score: z.number().min(1).max(5),
};

/** Keeps what a customer said about an answer. It never becomes an answer itself: only a reviewer’s decision does. */
export const recordFeedback = rpc('learning.feedback.record.v1', {
  summary: 'Record a customer’s feedback',
  access: { resource: 'learning:feedback', level: 'execute' },
  http: { method: 'POST', path: '/v1/learning/feedback', status: 201 },
  input: z.object({ ...given, comment: text(4000).optional() }),
  output: z.object({ feedbackId: FeedbackId, ...given, createdAt: Timestamp }),
  errors: ['run_not_found'],
});

/** A customer said how good an answer was. Carries no customer text. */
export const feedbackRecorded = event('learning.feedback.recorded.v1', {
  summary: 'A customer’s feedback was recorded',
  data: z.object({ feedbackId: FeedbackId, ...given }),
  resource: (data) => (data.runId === undefined ? `feedback:${data.feedbackId}` : `run:${data.runId}`),
  audit: 'data_modified',
});
