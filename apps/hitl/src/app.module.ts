import { Module } from '@nestjs/common';
import { registry } from '@support101/contracts/all';
import type { ServiceDefinition } from '@support101/service-kit';
import { AssignmentsModule } from './assignments/assignments.module.js';
import { CalendarsModule } from './calendars/calendars.module.js';
import { EscalationPoliciesModule } from './escalation-policies/escalation-policies.module.js';
import { EscalationsModule } from './escalations/escalations.module.js';
import { IntakeModule } from './intake/intake.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { RequestsModule } from './requests/requests.module.js';
import { ReviewersModule } from './reviewers/reviewers.module.js';
import { SlaModule } from './sla/sla.module.js';
import { TenantsModule } from './tenants/tenants.module.js';

@Module({
  imports: [
    ...[PlatformModule, RequestsModule, AssignmentsModule, ReviewersModule, IntakeModule],
    ...[SlaModule, CalendarsModule, EscalationsModule, EscalationPoliciesModule, TenantsModule],
  ],
})
class HitlModule {}

/** Human in the loop: requests to people, reviewers, deadlines, escalations. */
export const hitlService: ServiceDefinition = {
  name: 'hitl',
  schema: 'hitl',
  migrations: new URL('../prisma/migrations/', import.meta.url),
  module: HitlModule,
  registry,
};
