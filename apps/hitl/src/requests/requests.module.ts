import { Module } from '@nestjs/common';
import { RequestsHandlers } from './requests.handlers.js';
import { RequestsJobs } from './requests.jobs.js';
import { RequestsRepository } from './requests.repository.js';
import { RequestsService } from './requests.service.js';
import { RequestsChangesService } from './requests-changes.service.js';
import { RequestsTimersService } from './requests-timers.service.js';
import { RequestsTotalsRepository } from './requests-totals.repository.js';

@Module({
  controllers: [RequestsHandlers],
  providers: [
    ...[RequestsService, RequestsChangesService, RequestsTimersService],
    ...[RequestsJobs, RequestsRepository, RequestsTotalsRepository],
  ],
  exports: [RequestsService, RequestsChangesService],
})
export class RequestsModule {}
