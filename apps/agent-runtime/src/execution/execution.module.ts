import { Module } from '@nestjs/common';
import { EscalationsModule } from '../escalations/escalations.module.js';
import { JournalModule } from '../journal/journal.module.js';
import { ExecutionJobs } from './execution.jobs.js';
import { ExecutionStepsService } from './execution-steps.service.js';
import { ExecutionService } from './execution.service.js';

@Module({ imports: [JournalModule, EscalationsModule], providers: [ExecutionJobs, ExecutionService, ExecutionStepsService] })
export class ExecutionModule {}
