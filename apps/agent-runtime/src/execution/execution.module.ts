import { Module } from '@nestjs/common';
import { JournalModule } from '../journal/journal.module.js';
import { ExecutionJobs } from './execution.jobs.js';
import { ExecutionService } from './execution.service.js';

@Module({ imports: [JournalModule], providers: [ExecutionJobs, ExecutionService] })
export class ExecutionModule {}
