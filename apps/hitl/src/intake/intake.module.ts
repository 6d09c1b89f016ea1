import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { RequestsModule } from '../requests/requests.module.js';
import { SlaModule } from '../sla/sla.module.js';
import { IntakeService } from './intake.service.js';

@Module({
  imports: [RequestsModule, AssignmentsModule, SlaModule],
  providers: [IntakeService],
  exports: [IntakeService],
})
export class IntakeModule {}
