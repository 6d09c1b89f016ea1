import { Controller } from '@nestjs/common';
import { runCancelled, runCompleted, runFailed, runHumanRequested, runTimedOut } from '@support101/contracts/agent-runtime';
import { Consumes, type Delivery } from '@support101/messaging';
import { IntakeService } from './intake.service.js';

/** Hears what runs want to know of people, and that they want it no longer: one durable, so that the two keep their order. */
@Controller()
export class IntakeConsumers {
  constructor(private readonly intake: IntakeService) {}

  @Consumes(runHumanRequested, { durable: 'runs' })
  onHumanRequested(delivery: Delivery<typeof runHumanRequested>): Promise<void> {
    return this.intake.open(delivery, delivery.event.data);
  }

  @Consumes(runCancelled, { durable: 'runs' })
  onCancelled(delivery: Delivery<typeof runCancelled>): Promise<void> {
    return this.intake.close(delivery, delivery.event.data.runId, 'The run was cancelled.');
  }

  @Consumes(runTimedOut, { durable: 'runs' })
  onTimedOut(delivery: Delivery<typeof runTimedOut>): Promise<void> {
    return this.intake.close(delivery, delivery.event.data.runId, 'The run has timed out.');
  }

  @Consumes(runFailed, { durable: 'runs' })
  onFailed(delivery: Delivery<typeof runFailed>): Promise<void> {
    return this.intake.close(delivery, delivery.event.data.runId, 'The run has failed.');
  }

  @Consumes(runCompleted, { durable: 'runs' })
  onCompleted(delivery: Delivery<typeof runCompleted>): Promise<void> {
    return this.intake.close(delivery, delivery.event.data.runId, 'The run has completed.');
  }
}
