import { Module } from '@nestjs/common';
import { UsageConsumers } from './usage.consumers.js';
import { UsageEventsRepository } from './usage-events.repository.js';
import { UsageEventsService } from './usage-events.service.js';
import { UsageHandlers } from './usage.handlers.js';
import { UsageRepository } from './usage.repository.js';
import { UsageService } from './usage.service.js';

@Module({
  controllers: [UsageHandlers, UsageConsumers],
  providers: [UsageService, UsageRepository, UsageEventsService, UsageEventsRepository],
})
export class UsageModule {}
