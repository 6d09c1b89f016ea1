import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Answers } from '@support101/messaging';
import { AssignmentsService } from './assignments.service.js';

/** Answers who has which request, and changes it. */
@Controller()
export class AssignmentsHandlers {
  constructor(private readonly assignments: AssignmentsService) {}

  @Answers(contract.claimRequest)
  claim(input: InputOf<typeof contract.claimRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    return this.assignments.claim(input, caller);
  }

  @Answers(contract.assignRequest)
  assign(input: InputOf<typeof contract.assignRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    return this.assignments.assign(input, caller);
  }

  @Answers(contract.unassignRequest)
  unassign(input: InputOf<typeof contract.unassignRequest>, caller: TenantCaller): Promise<contract.HitlRequest> {
    return this.assignments.unassign(input, caller);
  }

  @Answers(contract.reviewerDashboard)
  dashboard(
    input: InputOf<typeof contract.reviewerDashboard>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.reviewerDashboard>> {
    return this.assignments.dashboard(input, caller);
  }

  @Answers(contract.listAssignments)
  list(
    input: InputOf<typeof contract.listAssignments>,
    caller: TenantCaller,
  ): Promise<OutputOf<typeof contract.listAssignments>> {
    return this.assignments.list(input, caller);
  }
}
