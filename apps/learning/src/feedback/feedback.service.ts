import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import { getRun } from '@support101/contracts/agent-runtime';
import { feedbackRecorded, recordFeedback } from '@support101/contracts/learning';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import { CommandClient, type Delivery, Outbox } from '@support101/messaging';
import { Clock, newId, ServiceDatabase } from '@support101/service-kit';
import { forgetTenant } from '../platform/deleted-tenants.js';
import { FeedbackRepository } from './feedback.repository.js';

/** What customers say about answers. */
@Injectable()
export class FeedbackService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly feedback: FeedbackRepository,
    private readonly client: CommandClient,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** A run that is named must be one of the tenant’s: asked before the transaction. */
  async record(input: InputOf<typeof recordFeedback>, caller: TenantCaller): Promise<OutputOf<typeof recordFeedback>> {
    const { comment, ...said } = input;
    if (said.runId !== undefined) {
      const { idempotencyKey: _, ...asking } = caller;
      await this.client.call(getRun, { runId: said.runId }, asking);
    }
    return this.database.once(recordFeedback, input, caller, async (tx) => {
      const [feedbackId, createdAt] = [newId('fbk'), this.clock.now()];
      const { ticketId, runId, score } = said;
      await this.feedback.insert(tx, {
        feedbackId,
        ticketId,
        runId,
        score,
        comment,
        principalId: caller.principal.id,
        createdAt,
      });
      await this.outbox.record(tx, feedbackRecorded, { feedbackId, ...said }, caller);
      return { feedbackId, ...said, createdAt: createdAt.toISOString() };
    });
  }

  /** Forgets what was said about a deleted tenant. */
  forget(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return forgetTenant(this.database, delivery, (tx) => this.feedback.deleteAll(tx));
  }
}
