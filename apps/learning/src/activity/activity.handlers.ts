import { Controller } from '@nestjs/common';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import { listActivity } from '@support101/contracts/learning';
import { Answers } from '@support101/messaging';
import { ActivityService } from './activity.service.js';

/** Answers what is asked about the activity. */
@Controller()
export class ActivityHandlers {
  constructor(private readonly activity: ActivityService) {}

  @Answers(listActivity)
  list(input: InputOf<typeof listActivity>, caller: TenantCaller): Promise<OutputOf<typeof listActivity>> {
    return this.activity.list(input, caller);
  }
}
