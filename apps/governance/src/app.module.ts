import { Module } from '@nestjs/common';
import { registry } from '@support101/contracts/all';
import type { ServiceDefinition } from '@support101/service-kit';
import { AuditModule } from './audit/audit.module.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { DecisionsModule } from './decisions/decisions.module.js';
import { PermissionsModule } from './permissions/permissions.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { RecordingModule } from './recording/recording.module.js';

@Module({ imports: [PlatformModule, AuditModule, DashboardModule, RecordingModule, DecisionsModule, PermissionsModule] })
class GovernanceModule {}

/** Governance: what happened, on a record that shows when it was altered; who may do what; the dashboard's numbers. */
export const governanceService: ServiceDefinition = {
  name: 'governance',
  schema: 'governance',
  migrations: new URL('../prisma/migrations/', import.meta.url),
  module: GovernanceModule,
  registry,
};
