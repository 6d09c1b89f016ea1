import { Module } from '@nestjs/common';
import { LanguageService } from './language.service.js';
import { RetrievalHandlers } from './retrieval.handlers.js';
import { RetrievalRepository } from './retrieval.repository.js';
import { RetrievalService } from './retrieval.service.js';
import { TenantIndexService } from './tenant-index.service.js';

@Module({
  controllers: [RetrievalHandlers],
  providers: [RetrievalService, TenantIndexService, LanguageService, RetrievalRepository],
  exports: [RetrievalService],
})
export class RetrievalModule {}
