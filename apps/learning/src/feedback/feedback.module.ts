import { Module } from '@nestjs/common';
import { FeedbackConsumers } from './feedback.consumers.js';
import { FeedbackHandlers } from './feedback.handlers.js';
import { FeedbackRepository } from './feedback.repository.js';
import { FeedbackService } from './feedback.service.js';

@Module({
  controllers: [FeedbackHandlers, FeedbackConsumers],
  providers: [FeedbackService, FeedbackRepository],
})
export class FeedbackModule {}
