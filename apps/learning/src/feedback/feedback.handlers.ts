import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import { recordFeedback } from '@support101/contracts/learning';
import { Answers } from '@support101/messaging';
import { FeedbackService } from './feedback.service.js';

/** Takes feedback. */
@Controller()
export class FeedbackHandlers {
  constructor(private readonly feedback: FeedbackService) {}

  @Answers(recordFeedback)
  record(input: InputOf<typeof recordFeedback>, caller: TenantCaller): Promise<OutputOf<typeof recordFeedback>> {
    return this.feedback.record(input, caller);
  }
}
