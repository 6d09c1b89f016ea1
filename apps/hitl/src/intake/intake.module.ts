import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { RequestsModule } from '../requests/requests.module.js';
import { SlaModule } from '../sla/sla.module.js';
import { IntakeConsumers } from './intake.consumers.js';
import { IntakeService } from './intake.service.js';

@Module({
  imports: [RequestsModule, AssignmentsModule, SlaModule],
  controllers: [IntakeConsumers],
  providers: [IntakeService],
  exports: [IntakeService],
})
export class IntakeModule {}
