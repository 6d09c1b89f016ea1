import { Module } from '@nestjs/common';
import { SourcesModule } from '../sources/sources.module.js';
import { InboundHandlers } from './inbound.handlers.js';
import { InboundJobs } from './inbound.jobs.js';
import { InboundRefusalsService } from './inbound-refusals.service.js';
import { InboundRepository } from './inbound.repository.js';
import { InboundService } from './inbound.service.js';
import { InboundVerificationService } from './inbound-verification.service.js';

@Module({
  imports: [SourcesModule],
  controllers: [InboundHandlers],
  providers: [InboundService, InboundVerificationService, InboundRefusalsService, InboundRepository, InboundJobs],
})
export class InboundModule {}
