import { Module } from '@nestjs/common';
import { IndexingService } from './knowledge-indexing.service.js';
import { KnowledgeConsumers } from './knowledge.consumers.js';
import { KnowledgeHandlers } from './knowledge.handlers.js';
import { KnowledgeJobs } from './knowledge.jobs.js';
import { KnowledgeRepository } from './knowledge.repository.js';
import { KnowledgeService } from './knowledge.service.js';

@Module({
  controllers: [KnowledgeHandlers, KnowledgeConsumers],
  providers: [KnowledgeService, IndexingService, KnowledgeRepository, KnowledgeJobs],
  exports: [IndexingService],
})
export class KnowledgeModule {}
