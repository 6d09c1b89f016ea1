import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { decodeCursor, DomainError } from '@support101/contracts';
import type { EventEnvelope, InputOf, OutputOf, TenantCaller, TenantId } from '@support101/contracts';
import type { Activity, listActivity } from '@support101/contracts/learning';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import { type Delivery, Undeliverable } from '@support101/messaging';
import { pageOf, ServiceDatabase } from '@support101/service-kit';
import { forgetTenant, isDeleted } from '../platform/deleted-tenants.js';
import { type ActivityKey, ActivityRepository, type ActivityRow } from './activity.repository.js';
import { activityOf } from './activity.rules.js';
import { type ActivityStream, keptEntries, type StreamHealth } from './activity-stream.rules.js';

/** Token under which the process’ ActivityStream is provided. */
export const ACTIVITY_STREAM = Symbol('ActivityStream');

type Page = OutputOf<typeof listActivity>['data'];

/** What happened in a tenant. */
@Injectable()
export class ActivityService implements OnModuleInit, OnModuleDestroy {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly activity: ActivityRepository,
    @Inject(ACTIVITY_STREAM) private readonly stream: ActivityStream,
  ) {}

  onModuleInit(): void {
    this.stream.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.stream.close();
  }

  /** How the newest entries are served. */
  health(): StreamHealth {
    return this.stream.health();
  }

  /** Keeps an event that belongs in the list, once; of any other not even the delivery is noted. */
  async keep(delivery: Delivery): Promise<void> {
    const entry = entryOf(delivery.event);
    if (entry === undefined) return;
    await this.database.onceDelivered(delivery, (tx) => this.activity.insert(tx, entry));
    // Also of a duplicate: the first delivery may have ended between the two.
    await this.stream.append(delivery.event.tenantid, entry);
  }

  async list(
    { limit, cursor, type }: InputOf<typeof listActivity>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof listActivity>> {
    const rows =
      cursor === undefined && type === undefined
        ? await this.#newest(tenantId, limit + 1)
        : await this.#read(tenantId, { type, before: cursor === undefined ? undefined : keyOf(cursor) }, limit + 1);
    return pageOf(
      rows,
      limit,
      ({ happenedAt, eventId }) => [happenedAt, eventId],
      (entry) => entry,
    );
  }

  /** Forgets what happened in a deleted tenant. */
  async forget(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    await forgetTenant(this.database, delivery, (tx) => this.activity.deleteAll(tx));
    await this.stream.forget(delivery.event.tenantid);
  }

  /** From the stream; from Postgres when the stream does not know, which is then told, unless the tenant was deleted. */
  async #newest(tenantId: TenantId, limit: number): Promise<Page> {
    const known = await this.stream.newest(tenantId, limit);
    if (known !== undefined) return known;
    await this.stream.begin(tenantId);
    const entries = await this.#read(tenantId, { type: undefined, before: undefined }, keptEntries);
    if (entries.length === 0 && (await this.database.forTenant(tenantId, isDeleted))) await this.stream.forget(tenantId);
    else await this.stream.fill(tenantId, entries);
    return entries.slice(0, limit);
  }

  async #read(tenantId: TenantId, filter: Parameters<ActivityRepository['list']>[1], limit: number): Promise<Page> {
    return (await this.database.forTenant(tenantId, (tx) => this.activity.list(tx, filter, limit))).map(toActivity);
  }
}

function keyOf(cursor: string): ActivityKey {
  const [happenedAt, eventId] = decodeCursor(cursor, 2) ?? [];
  const isKey = typeof happenedAt === 'string' && /^\d{4}-[\d:.T-]+Z$/.test(happenedAt) && !Number.isNaN(Date.parse(happenedAt));
  if (!isKey || typeof eventId !== 'string' || !/^evt_\w+$/.test(eventId)) throw new DomainError('cursor_invalid');
  return { happenedAt, eventId };
}

function toActivity({ principalType, principalId, happenedAt, ...row }: ActivityRow): Page[number] {
  return { ...row, principal: { type: principalType, id: principalId }, happenedAt: happenedAt.toISOString() };
}

/** Data that are not their contract's will not become so: to try again would only hold up what else happened there. */
function entryOf(event: EventEnvelope): Activity | undefined {
  try {
    return activityOf(event);
  } catch (error) {
    throw new Undeliverable(`the data does not fit ${event.type}`, { cause: error });
  }
}
