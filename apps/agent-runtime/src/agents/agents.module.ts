import { Module } from '@nestjs/common';
import { AgentsConsumers } from './agents.consumers.js';
import { AgentsHandlers } from './agents.handlers.js';
import { AgentsRepository } from './agents.repository.js';
import { AgentsService } from './agents.service.js';

@Module({
  controllers: [AgentsHandlers, AgentsConsumers],
  providers: [AgentsRepository, AgentsService],
  exports: [AgentsService],
})
export class AgentsModule {}
