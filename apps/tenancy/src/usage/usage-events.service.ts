import { setTimeout } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { RunOutcome, RunUsage } from '@support101/contracts/agent-runtime';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import { Database, groupWriter, type GroupWriter } from '@support101/database';
import { type Delivery, Inbox } from '@support101/messaging';
import { Clock } from '@support101/service-kit';
import { type Happening, UsageEventsRepository } from './usage-events.repository.js';
import * as rules from './usage.rules.js';

/** What is said of every run that has ended; not every way to end has an outcome. */
export interface RunEnd {
  readonly runId: string;
  readonly usage: RunUsage;
  readonly outcome?: RunOutcome | undefined;
}

/** How long events are gathered before they are written, in milliseconds: most of what a write costs is paid per commit. */
const gatherMs = 20;

const noUsage = { inputTokens: 0, outputTokens: 0, costMicroUsd: 0 };

/**
 * What tenants use, from what happens. What comes at the same time, of whatever tenant, is written in one commit and one
 * round trip; an event that fails harms no other.
 */
@Injectable()
export class UsageEventsService implements OnApplicationShutdown {
  readonly #writer: GroupWriter<Happening, undefined>;
  #gathering: Promise<void> | undefined;

  constructor(
    database: Database,
    private readonly inbox: Inbox,
    private readonly repository: UsageEventsRepository,
    private readonly clock: Clock,
  ) {
    this.#writer = groupWriter({
      database,
      reason: 'usage',
      burst: true,
      write: async (tx, all) => {
        await repository.write(tx, all, clock.now());
        return all.map(() => undefined);
      },
    });
  }

  /** A record is there: it has a place, reserved before or not, also above the limit. */
  added(delivery: Delivery, kind: rules.EntryKind, holder: rules.HolderKind, id: string): Promise<void> {
    return this.#offer(delivery, holder, id, { kind, takes: true });
  }

  /** A record is gone, and its place is free. */
  removed(delivery: Delivery, kind: rules.EntryKind, holder: rules.HolderKind, id: string): Promise<void> {
    return this.#offer(delivery, holder, id, { kind, takes: false });
  }

  /** A run has ended: what it has used is written, and its place is free. */
  runEnded(delivery: Delivery, status: 'completed' | 'failed' | 'cancelled' | 'timed_out', end: RunEnd): Promise<void> {
    const kind =
      status === 'completed' || status === 'failed' ? rules.runEnding(status, end.outcome) : (`run_${status}` as const);
    return this.#offer(delivery, 'run', end.runId, { kind, takes: false }, end.usage);
  }

  /** A run waits for a person and works no more; or it goes on, which nobody refuses it. */
  runPaused(delivery: Delivery, runId: string): Promise<void> {
    return this.#offer(delivery, 'run', runId, { kind: null, takes: false });
  }

  runResumed(delivery: Delivery, runId: string): Promise<void> {
    return this.#offer(delivery, 'run', runId, { kind: null, takes: true });
  }

  /** The tenant is gone, and what was known of its use. */
  async removeAll(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    await this.inbox.once(delivery, (tx) => this.repository.removeAll(tx, delivery.event.tenantid));
  }

  /** Writes what was taken before the database goes away. */
  onApplicationShutdown(): Promise<void> {
    return this.#writer.close();
  }

  /** Resolves when it is written, now or before. */
  async #offer(
    { event, durable }: Delivery,
    holder: rules.HolderKind,
    recordId: string,
    meaning: Pick<Happening, 'kind' | 'takes'>,
    { inputTokens, outputTokens, costMicroUsd }: Omit<RunUsage, 'model'> = noUsage,
  ): Promise<void> {
    const { limit, leaseSeconds } = rules.holders[holder];
    this.#gathering ??= setTimeout(gatherMs).then(() => void (this.#gathering = undefined));
    await this.#gathering;
    await this.#writer.offer({
      ...meaning,
      tenantId: event.tenantid,
      durable,
      eventId: event.id,
      recordId,
      at: new Date(event.time),
      inputTokens,
      outputTokens,
      costMicroUsd,
      limit,
      expiresAt: rules.endOfLease(leaseSeconds, this.clock.now()),
    });
  }
}
