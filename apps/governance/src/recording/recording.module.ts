import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DashboardModule } from '../dashboard/dashboard.module.js';
import { RecordingConsumers } from './recording.consumers.js';
import { RecordingHandlers } from './recording.handlers.js';
import { RecordingService } from './recording.service.js';

@Module({
  imports: [AuditModule, DashboardModule],
  controllers: [RecordingConsumers, RecordingHandlers],
  providers: [RecordingService],
})
export class RecordingModule {}
