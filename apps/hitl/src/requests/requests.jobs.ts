import { Injectable } from '@nestjs/common';
import { type JobContext, Processes, Refills, type RefillItem } from '@support101/jobs';
import type { z } from 'zod';
import { requestTimer } from '../platform/request-timers.js';
import { RequestsTimersService } from './requests-timers.service.js';

type Payload = z.infer<typeof requestTimer.payload>;

/** Runs the timers of requests. */
@Injectable()
export class RequestsJobs {
  constructor(private readonly timers: RequestsTimersService) {}

  @Processes(requestTimer)
  fire({ tenantId, requestId }: Payload, { id }: JobContext): Promise<void> {
    return this.timers.fire(tenantId, requestId, id);
  }

  @Refills(requestTimer)
  due(): AsyncIterable<RefillItem<Payload>> {
    return this.timers.due();
  }
}
