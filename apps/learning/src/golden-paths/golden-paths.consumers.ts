import { Controller } from '@nestjs/common';
import { runCompleted, runFailed } from '@support101/contracts/agent-runtime';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { CommandClient, Consumes, type Delivery } from '@support101/messaging';
import { GoldenPathsService } from './golden-paths.service.js';

/** What the ends of runs teach. */
@Controller()
export class GoldenPathsConsumers {
  constructor(
    private readonly paths: GoldenPathsService,
    private readonly client: CommandClient,
  ) {}

  @Consumes(runCompleted, { durable: 'golden-paths' })
  completed(delivery: Delivery<typeof runCompleted>): Promise<void> {
    return this.paths.learn(delivery, delivery.event.data, this.client);
  }

  @Consumes(runFailed, { durable: 'golden-paths' })
  failed(delivery: Delivery<typeof runFailed>): Promise<void> {
    return this.paths.learn(delivery, delivery.event.data, this.client);
  }

  @Consumes(tenantDeleted, { durable: 'golden-paths' })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.paths.forget(delivery);
  }
}
