import { Controller } from '@nestjs/common';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { FeedbackService } from './feedback.service.js';

/** What other services’ facts mean for the feedback. */
@Controller()
export class FeedbackConsumers {
  constructor(private readonly feedback: FeedbackService) {}

  @Consumes(tenantDeleted, { durable: 'feedback' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.feedback.forget(delivery);
  }
}
