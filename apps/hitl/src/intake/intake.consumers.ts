import { Controller } from '@nestjs/common';
import { runCancelled, runFailed, runHumanRequested, runTimedOut } from '@support101/contracts/agent-runtime';
import { Consumes, type Delivery } from '@support101/messaging';
import { IntakeService } from './intake.service.js';

/** Hears what runs want to know of people, and that they want it no longer: one durable, so that the two keep their order. */
@Controller()
export class IntakeConsumers {
  constructor(private readonly intake: IntakeService) {}

  // Patient for about an hour: the run waits for this request, and no other way leads to it.
  @Consumes(runHumanRequested, { durable: 'runs', maxDeliver: 130, backoffMs: [200, 1_000, 5_000, 15_000, 30_000] })
  onHumanRequested(delivery: Delivery<typeof runHumanRequested>): Promise<void> {
    return this.intake.open(delivery, delivery.event.data);
  }

  @Consumes(runCancelled, { durable: 'runs' })
  onCancelled(delivery: Delivery<typeof runCancelled>): Promise<void> {
    return this.intake.close(delivery.caller, delivery.event.data.runId, 'The run was cancelled.');
  }

  @Consumes(runTimedOut, { durable: 'runs' })
  onTimedOut(delivery: Delivery<typeof runTimedOut>): Promise<void> {
    return this.intake.close(delivery.caller, delivery.event.data.runId, 'The run has timed out.');
  }

  @Consumes(runFailed, { durable: 'runs' })
  onFailed(delivery: Delivery<typeof runFailed>): Promise<void> {
    return this.intake.close(delivery.caller, delivery.event.data.runId, 'The run has failed.');
  }
}
