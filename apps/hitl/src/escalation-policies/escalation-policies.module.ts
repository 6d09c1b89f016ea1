import { Module } from '@nestjs/common';
import { EscalationPoliciesHandlers } from './escalation-policies.handlers.js';
import { EscalationPoliciesRepository } from './escalation-policies.repository.js';
import { EscalationPoliciesService } from './escalation-policies.service.js';

@Module({
  controllers: [EscalationPoliciesHandlers],
  providers: [EscalationPoliciesService, EscalationPoliciesRepository],
})
export class EscalationPoliciesModule {}
