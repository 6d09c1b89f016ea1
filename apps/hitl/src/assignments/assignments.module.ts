import { Module } from '@nestjs/common';
import { RequestsModule } from '../requests/requests.module.js';
import { ReviewersModule } from '../reviewers/reviewers.module.js';
import { AssignmentsHandlers } from './assignments.handlers.js';
import { AssignmentsService } from './assignments.service.js';

@Module({
  imports: [RequestsModule, ReviewersModule],
  controllers: [AssignmentsHandlers],
  providers: [AssignmentsService],
  exports: [AssignmentsService],
})
export class AssignmentsModule {}
