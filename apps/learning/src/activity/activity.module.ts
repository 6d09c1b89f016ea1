import { type DynamicModule, Module } from '@nestjs/common';
import { type Log, LOG } from '@support101/service-kit';
import { ActivityConsumers } from './activity.consumers.js';
import { ActivityHandlers } from './activity.handlers.js';
import { ActivityMemory } from './activity-memory.client.js';
import { ActivityRedis } from './activity-redis.client.js';
import { ActivityRepository } from './activity.repository.js';
import { ACTIVITY_STREAM, ActivityService } from './activity.service.js';

@Module({
  controllers: [ActivityHandlers, ActivityConsumers],
  providers: [ActivityService, ActivityRepository],
})
export class ActivityModule {
  /** With the stream on this Redis, or in memory. */
  static with(redisUrl: string | undefined): DynamicModule {
    const useFactory = (log: Log) => (redisUrl === undefined ? new ActivityMemory() : new ActivityRedis({ url: redisUrl, log }));
    return { module: ActivityModule, providers: [{ provide: ACTIVITY_STREAM, useFactory, inject: [LOG] }] };
  }
}
