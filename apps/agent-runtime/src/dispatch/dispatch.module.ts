import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { DispatchHandlers } from './dispatch.handlers.js';
import { DispatchService } from './dispatch.service.js';

@Module({ imports: [TenantsModule, AgentsModule, RunsModule], controllers: [DispatchHandlers], providers: [DispatchService] })
export class DispatchModule {}
