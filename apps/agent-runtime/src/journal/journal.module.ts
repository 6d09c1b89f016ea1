import { Module } from '@nestjs/common';
import { RequestsModule } from '../requests/requests.module.js';
import { JournalFactsService } from './journal-facts.service.js';
import { JournalRepository } from './journal.repository.js';
import { JournalService } from './journal.service.js';

@Module({
  imports: [RequestsModule],
  providers: [JournalRepository, JournalFactsService, JournalService],
  exports: [JournalService],
})
export class JournalModule {}
