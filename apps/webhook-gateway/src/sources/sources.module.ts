import { Module } from '@nestjs/common';
import { SourcesConsumers } from './sources.consumers.js';
import { SourcesCredentialsService } from './sources-credentials.service.js';
import { SourcesHandlers } from './sources.handlers.js';
import { SourcesRepository } from './sources.repository.js';
import { SourcesService } from './sources.service.js';

@Module({
  controllers: [SourcesHandlers, SourcesConsumers],
  providers: [SourcesService, SourcesCredentialsService, SourcesRepository],
  exports: [SourcesCredentialsService],
})
export class SourcesModule {}
