import { Injectable } from '@nestjs/common';
import type { RequestId, RunId, TenantCaller, TenantId } from '@support101/contracts';
import { runHumanRequested, runResumed, type RunDecision } from '@support101/contracts/agent-runtime';
import type { requestOpened } from '@support101/contracts/hitl';
import type { Tx } from '@support101/database';
import { Outbox, type Delivery, type Fact } from '@support101/messaging';
import { Clock, newId, ServiceDatabase } from '@support101/service-kit';
import { newsOf, Notices } from '../platform/notices.js';
import { RequestsRepository, type NewRequest } from './requests.repository.js';
import { contentOf, type Asker, type Question } from '../platform/questions.js';

/** The run that asks, as its worker holds it. */
export interface AskingRun extends Asker {
  readonly blueprint: string;
  readonly blueprintVersion: string;
  readonly fence: number;
  readonly caller: TenantCaller;
}

/** A request that is about to be made. */
export interface AskedRequest {
  readonly request: NewRequest;
  readonly fence: number;
  readonly fact: Fact;
}

/** What runs ask people: how a run comes to wait, and how it goes on. */
@Injectable()
export class RequestsService {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly repository: RequestsRepository,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly notices: Notices,
  ) {}

  /** What a held run asks, and the fact that it does; nothing is written yet. */
  ask(run: AskingRun, step: number, question: Question): AskedRequest {
    const { tenantId, runId, agentId, blueprint, blueprintVersion, fence, caller } = run;
    const content = contentOf(question, newId('req'), run);
    const data = { ...content, runId, agentId, blueprint, blueprintVersion, step };
    const request = { tenantId, runId, step, content, subject: question.subject, at: this.clock.now() };
    return { request, fence, fact: this.outbox.fact(runHumanRequested, data, caller) };
  }

  /** The run waits from now on; its fact is recorded by whoever made it. Is stopped by `lease_lost`. */
  async open(tx: Tx, { request, fence }: AskedRequest): Promise<void> {
    tx.afterCommit(() => this.notices.tell(newsOf(request.runId)));
    await this.repository.open(tx, request, fence);
  }

  /** The decision is a step of the run's journal by now. */
  apply(tx: Tx, { tenantId, runId }: Pick<Asker, 'tenantId' | 'runId'>, requestId: RequestId): Promise<void> {
    return this.repository.apply(tx, tenantId, runId, requestId);
  }

  /** Writes down what was decided and queues the run. False when this run does not wait for this request (any more). */
  async decide(delivery: Delivery, runId: RunId, decision: RunDecision): Promise<boolean> {
    const { caller } = delivery;
    const { tenantId } = caller;
    let decided = false;
    await this.database.onceDelivered(delivery, async (tx) => {
      const agentId = await this.repository.decide(tx, { tenantId, runId }, decision, this.clock.now());
      if (agentId === undefined) return;
      decided = true;
      const { requestId } = decision;
      await this.outbox.record(tx, runResumed, { runId, agentId, requestId, decision: decision.decision }, caller);
    });
    return decided;
  }

  /** The request stands in the queue: whoever waited for that can be answered. */
  show(delivery: Delivery<typeof requestOpened>): Promise<void> {
    const { requestId, runId } = delivery.event.data;
    return this.database.onceDelivered(delivery, async (tx) => {
      await this.repository.show(tx, delivery.caller.tenantId, requestId);
      if (runId !== null) tx.afterCommit(() => this.notices.tell(newsOf(runId)));
    });
  }

  /** What was decided about the run, first to last. */
  decisions(tx: Tx, tenantId: TenantId, runId: RunId): Promise<RunDecision[]> {
    return this.repository.decisions(tx, tenantId, runId);
  }
}
