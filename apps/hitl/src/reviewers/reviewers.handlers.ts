import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import * as contract from '@support101/contracts/hitl';
import { Answers } from '@support101/messaging';
import { ReviewersService } from './reviewers.service.js';

/** Answers what is asked about reviewers. */
@Controller()
export class ReviewersHandlers {
  constructor(private readonly reviewers: ReviewersService) {}

  @Answers(contract.createReviewer)
  create(input: InputOf<typeof contract.createReviewer>, caller: TenantCaller): Promise<contract.Reviewer> {
    return this.reviewers.create(input, caller);
  }

  @Answers(contract.listReviewers)
  list(input: InputOf<typeof contract.listReviewers>, caller: TenantCaller): Promise<OutputOf<typeof contract.listReviewers>> {
    return this.reviewers.list(input, caller);
  }

  @Answers(contract.getReviewer)
  get({ reviewerId }: InputOf<typeof contract.getReviewer>, caller: TenantCaller): Promise<contract.Reviewer> {
    return this.reviewers.get(reviewerId, caller);
  }

  @Answers(contract.updateReviewer)
  update(input: InputOf<typeof contract.updateReviewer>, caller: TenantCaller): Promise<contract.Reviewer> {
    return this.reviewers.update(input, caller);
  }
}
