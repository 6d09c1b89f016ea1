import { Module } from '@nestjs/common';
import { KnowledgeModule } from '../knowledge/knowledge.module.js';
import { RetrievalModule } from '../retrieval/retrieval.module.js';
import { GoldenPathsConsumers } from './golden-paths.consumers.js';
import { GoldenPathsHandlers } from './golden-paths.handlers.js';
import { GoldenPathsRepository } from './golden-paths.repository.js';
import { GoldenPathsService } from './golden-paths.service.js';

@Module({
  imports: [KnowledgeModule, RetrievalModule],
  controllers: [GoldenPathsHandlers, GoldenPathsConsumers],
  providers: [GoldenPathsService, GoldenPathsRepository],
})
export class GoldenPathsModule {}
