import { Module } from '@nestjs/common';
import { JournalModule } from '../journal/journal.module.js';
import { RunsConsumers } from './runs.consumers.js';
import { RunsHandlers } from './runs.handlers.js';
import { RunsRepository } from './runs.repository.js';
import { RunsService } from './runs.service.js';

@Module({
  imports: [JournalModule],
  controllers: [RunsHandlers, RunsConsumers],
  providers: [RunsRepository, RunsService],
  exports: [RunsService],
})
export class RunsModule {}
