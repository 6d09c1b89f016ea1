import { Injectable } from '@nestjs/common';
import type { Tx } from '@support101/database';

/** One piece of feedback as it is kept. */
export interface FeedbackRow {
  readonly feedbackId: string;
  readonly ticketId: string | undefined;
  readonly runId: string | undefined;
  readonly score: number;
  readonly comment: string | undefined;
  readonly principalId: string;
  readonly createdAt: Date;
}

/** Feedback in the database. */
@Injectable()
export class FeedbackRepository {
  async insert(tx: Tx, row: FeedbackRow): Promise<void> {
    const { feedbackId, ticketId, runId, score, comment, principalId, createdAt } = row;
    await tx.query(
      `insert into feedback (tenant_id, feedback_id, ticket_id, run_id, score, comment, principal_id, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [tx.tenantId, feedbackId, ticketId ?? null, runId ?? null, score, comment ?? null, principalId, createdAt],
      'feedback-insert',
    );
  }

  /** Deletes all feedback of the transaction’s tenant. */
  async deleteAll(tx: Tx): Promise<void> {
    await tx.query('delete from feedback where tenant_id = $1', [tx.tenantId], 'feedback-delete-all');
  }
}
