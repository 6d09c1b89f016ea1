import { Module } from '@nestjs/common';
import { ActivityConsumers } from './activity.consumers.js';
import { ActivityHandlers } from './activity.handlers.js';
import { ActivityRepository } from './activity.repository.js';
import { ActivityService } from './activity.service.js';

@Module({
  controllers: [ActivityHandlers, ActivityConsumers],
  providers: [ActivityService, ActivityRepository],
})
export class ActivityModule {}
