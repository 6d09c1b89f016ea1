import { Controller } from '@nestjs/common';
import * as runtime from '@support101/contracts/agent-runtime';
import * as hitl from '@support101/contracts/hitl';
import * as learning from '@support101/contracts/learning';
import { tenantDeleted } from '@support101/contracts/tenancy';
import { Consumes, type Delivery } from '@support101/messaging';
import { UsageEventsService } from './usage-events.service.js';

// One durable for all: what happens to one record comes in order.
const durable = 'usage';

/** Hears what tenants use and give up. */
@Controller()
export class UsageConsumers {
  constructor(private readonly usage: UsageEventsService) {}

  // Many at once, because those that wait together share one commit.
  @Consumes(runtime.runStarted, { durable, concurrency: 200 })
  runStarted(delivery: Delivery<typeof runtime.runStarted>): Promise<void> {
    return this.usage.added(delivery, 'run_started', 'run', delivery.event.data.runId);
  }

  @Consumes(runtime.runCompleted, { durable })
  runCompleted(delivery: Delivery<typeof runtime.runCompleted>): Promise<void> {
    return this.usage.runEnded(delivery, 'completed', delivery.event.data);
  }

  @Consumes(runtime.runFailed, { durable })
  runFailed(delivery: Delivery<typeof runtime.runFailed>): Promise<void> {
    return this.usage.runEnded(delivery, 'failed', delivery.event.data);
  }

  @Consumes(runtime.runCancelled, { durable })
  runCancelled(delivery: Delivery<typeof runtime.runCancelled>): Promise<void> {
    return this.usage.runEnded(delivery, 'cancelled', delivery.event.data);
  }

  @Consumes(runtime.runTimedOut, { durable })
  runTimedOut(delivery: Delivery<typeof runtime.runTimedOut>): Promise<void> {
    return this.usage.runEnded(delivery, 'timed_out', delivery.event.data);
  }

  @Consumes(runtime.runHumanRequested, { durable })
  runHumanRequested(delivery: Delivery<typeof runtime.runHumanRequested>): Promise<void> {
    return this.usage.runPaused(delivery, delivery.event.data.runId);
  }

  @Consumes(runtime.runResumed, { durable })
  runResumed(delivery: Delivery<typeof runtime.runResumed>): Promise<void> {
    return this.usage.runResumed(delivery, delivery.event.data.runId);
  }

  @Consumes(runtime.agentCreated, { durable })
  agentCreated(delivery: Delivery<typeof runtime.agentCreated>): Promise<void> {
    return this.usage.added(delivery, 'agent_created', 'agent', delivery.event.data.agentId);
  }

  @Consumes(runtime.agentDeleted, { durable })
  agentDeleted(delivery: Delivery<typeof runtime.agentDeleted>): Promise<void> {
    return this.usage.removed(delivery, 'agent_deleted', 'agent', delivery.event.data.agentId);
  }

  @Consumes(learning.articleCreated, { durable })
  articleCreated(delivery: Delivery<typeof learning.articleCreated>): Promise<void> {
    return this.usage.added(delivery, 'article_created', 'article', delivery.event.data.articleId);
  }

  @Consumes(learning.articleDeleted, { durable })
  articleDeleted(delivery: Delivery<typeof learning.articleDeleted>): Promise<void> {
    return this.usage.removed(delivery, 'article_deleted', 'article', delivery.event.data.articleId);
  }

  @Consumes(hitl.requestOpened, { durable })
  requestOpened(delivery: Delivery<typeof hitl.requestOpened>): Promise<void> {
    return this.usage.added(delivery, 'request_opened', 'request', delivery.event.data.requestId);
  }

  @Consumes(hitl.requestDecided, { durable })
  requestDecided(delivery: Delivery<typeof hitl.requestDecided>): Promise<void> {
    return this.usage.removed(delivery, 'request_decided', 'request', delivery.event.data.requestId);
  }

  @Consumes(hitl.requestExpired, { durable })
  requestExpired(delivery: Delivery<typeof hitl.requestExpired>): Promise<void> {
    return this.usage.removed(delivery, 'request_expired', 'request', delivery.event.data.requestId);
  }

  @Consumes(hitl.requestCancelled, { durable })
  requestCancelled(delivery: Delivery<typeof hitl.requestCancelled>): Promise<void> {
    return this.usage.removed(delivery, 'request_cancelled', 'request', delivery.event.data.requestId);
  }

  @Consumes(tenantDeleted, { durable })
  tenantDeleted(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.usage.removeAll(delivery);
  }
}
