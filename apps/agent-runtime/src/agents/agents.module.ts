import { Module } from '@nestjs/common';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AgentsPlacesService } from './agents-places.service.js';
import { AgentsConsumers } from './agents.consumers.js';
import { AgentsHandlers } from './agents.handlers.js';
import { AgentsRepository } from './agents.repository.js';
import { AgentsService } from './agents.service.js';

@Module({
  imports: [TenantsModule],
  controllers: [AgentsHandlers, AgentsConsumers],
  providers: [AgentsRepository, AgentsService, AgentsPlacesService],
  exports: [AgentsService],
})
export class AgentsModule {}
