import { Controller } from '@nestjs/common';
import type { RequestId, RunId } from '@support101/contracts';
import type { RunDecision } from '@support101/contracts/agent-runtime';
import { requestCancelled, requestDecided, requestExpired, requestOpened, requestRefused } from '@support101/contracts/hitl';
import { Consumes, type Delivery } from '@support101/messaging';
import { RunQueue } from '../platform/run-queue.js';
import { RequestsService } from './requests.service.js';

/** Hears what became of the requests that runs wait for. */
@Controller()
export class RequestsConsumers {
  constructor(
    private readonly requests: RequestsService,
    private readonly queue: RunQueue,
  ) {}

  @Consumes(requestOpened, { durable: 'requests' })
  onOpened(delivery: Delivery<typeof requestOpened>): Promise<void> {
    return this.requests.show(delivery);
  }

  @Consumes(requestDecided, { durable: 'requests' })
  onDecided(delivery: Delivery<typeof requestDecided>): Promise<void> {
    const { runId, requestId, decision, edits, response, reason, decidedBy, actionDigest } = delivery.event.data;
    return this.#decide(delivery, runId, {
      requestId,
      decision,
      decidedBy: decidedBy.id,
      ...(edits === undefined ? {} : { edits }),
      ...(response === undefined ? {} : { response }),
      ...(reason === undefined ? {} : { reason }),
      ...(actionDigest === undefined ? {} : { actionDigest }),
    });
  }

  @Consumes(requestExpired, { durable: 'requests' })
  onExpired(delivery: Delivery<typeof requestExpired>): Promise<void> {
    return this.#undecided(delivery, delivery.event.data, 'expired');
  }

  @Consumes(requestCancelled, { durable: 'requests' })
  onCancelled(delivery: Delivery<typeof requestCancelled>): Promise<void> {
    return this.#undecided(delivery, delivery.event.data, 'cancelled', delivery.event.data.reason);
  }

  @Consumes(requestRefused, { durable: 'requests' })
  onRefused(delivery: Delivery<typeof requestRefused>): Promise<void> {
    return this.#undecided(delivery, delivery.event.data, 'refused');
  }

  #undecided(
    delivery: Delivery,
    { runId, requestId }: { runId: RunId | null; requestId: RequestId },
    decision: string,
    reason?: string,
  ): Promise<void> {
    return this.#decide(delivery, runId, { requestId, decision, ...(reason === undefined ? {} : { reason }) });
  }

  async #decide(delivery: Delivery, runId: RunId | null, decision: RunDecision): Promise<void> {
    // A request that a person raised belongs to no waiting run.
    if (runId === null) return;
    const { tenantId } = delivery.caller;
    // If the process dies in between, whoever looks for due work finds the run.
    if (await this.requests.decide(delivery, runId, decision)) await this.queue.offer({ tenantId, runId });
  }
}
