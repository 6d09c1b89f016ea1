import { Module } from '@nestjs/common';
import { UsageConsumers } from './usage.consumers.js';
import { UsageHandlers } from './usage.handlers.js';
import { UsageRepository } from './usage.repository.js';
import { UsageService } from './usage.service.js';

@Module({ controllers: [UsageHandlers, UsageConsumers], providers: [UsageService, UsageRepository] })
export class UsageModule {}
