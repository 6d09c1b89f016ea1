import { Module } from '@nestjs/common';
import { LanguageService } from './retrieval-language.service.js';
import { RetrievalHandlers } from './retrieval.handlers.js';
import { RetrievalRepository } from './retrieval.repository.js';
import { RetrievalService } from './retrieval.service.js';
import { TenantIndexService } from './retrieval-tenant-index.service.js';

@Module({
  controllers: [RetrievalHandlers],
  providers: [RetrievalService, TenantIndexService, LanguageService, RetrievalRepository],
  exports: [RetrievalService],
})
export class RetrievalModule {}
