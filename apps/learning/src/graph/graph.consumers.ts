import { Controller } from '@nestjs/common';
import { runCompleted, runFailed, runTimedOut, ticketCreated } from '@support101/contracts/agent-runtime';
import { articleDeleted, goldenPathRecorded } from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { webhookReceived } from '@support101/contracts/webhook-gateway';
import { Consumes, type Delivery } from '@support101/messaging';
import { ofDecision, ofTicket, ofWebhook } from './graph.rules.js';
import { GraphService } from './graph.service.js';

const durable = 'graph';

/** What happens, as the graph keeps it. */
@Controller()
export class GraphConsumers {
  constructor(private readonly graph: GraphService) {}

  @Consumes(runCompleted, { durable })
  completed(delivery: Delivery<typeof runCompleted>): Promise<void> {
    return this.graph.addRun(delivery);
  }

  @Consumes(runFailed, { durable })
  failed(delivery: Delivery<typeof runFailed>): Promise<void> {
    return this.graph.addRun(delivery);
  }

  @Consumes(runTimedOut, { durable })
  timedOut(delivery: Delivery<typeof runTimedOut>): Promise<void> {
    return this.graph.addRun(delivery);
  }

  @Consumes(ticketCreated, { durable })
  ticket(delivery: Delivery<typeof ticketCreated>): Promise<void> {
    return this.graph.add(delivery, ofTicket(delivery.event.data));
  }

  @Consumes(webhookReceived, { durable })
  webhook(delivery: Delivery<typeof webhookReceived>): Promise<void> {
    return this.graph.add(delivery, ofWebhook(delivery.event.data));
  }

  @Consumes(goldenPathRecorded, { durable })
  decision(delivery: Delivery<typeof goldenPathRecorded>): Promise<void> {
    return this.graph.add(delivery, ofDecision(delivery.event.data));
  }

  @Consumes(articleDeleted, { durable })
  article(delivery: Delivery<typeof articleDeleted>): Promise<void> {
    return this.graph.dropArticle(delivery);
  }

  @Consumes(tenantDeleted, { durable })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.graph.forget(delivery);
  }
}
