import { Injectable } from '@nestjs/common';
import { decodeCursor, DomainError, encodeCursor } from '@support101/contracts';
import type { InputOf, OutputOf, TenantCaller } from '@support101/contracts';
import type { listActivity } from '@support101/contracts/learning';
import type { tenantDeleted } from '@support101/contracts/tenancy';
import type { Delivery } from '@support101/messaging';
import { LearningDatabase } from '../platform/learning-database.js';
import { type ActivityKey, ActivityRepository, type ActivityRow } from './activity.repository.js';
import { activityOf } from './activity.rules.js';

/** What happened in a tenant. */
@Injectable()
export class ActivityService {
  constructor(
    private readonly database: LearningDatabase,
    private readonly activity: ActivityRepository,
  ) {}

  /** Keeps an event that belongs in the list, once; of any other not even the delivery is noted. */
  async keep(delivery: Delivery): Promise<void> {
    const entry = activityOf(delivery.event);
    if (entry !== undefined) await this.database.onceDelivered(delivery, (tx) => this.activity.insert(tx, entry));
  }

  async list(
    { limit, cursor, type }: InputOf<typeof listActivity>,
    { tenantId }: TenantCaller,
  ): Promise<OutputOf<typeof listActivity>> {
    const before = cursor === undefined ? undefined : keyOf(cursor);
    const rows = await this.database.forTenant(tenantId, (tx) => this.activity.list(tx, { type, before }, limit + 1));
    const data = rows.slice(0, limit).map(toActivity);
    const last = rows.length > limit ? data.at(-1) : undefined;
    return { data, nextCursor: last === undefined ? null : encodeCursor([last.happenedAt, last.eventId]) };
  }

  /** Forgets what happened in a deleted tenant. */
  forget(delivery: Delivery<typeof tenantDeleted>): Promise<void> {
    return this.database.onceDelivered(delivery, (tx) => this.activity.deleteAll(tx));
  }
}

function keyOf(cursor: string): ActivityKey {
  const [happenedAt, eventId] = decodeCursor(cursor, 2) ?? [];
  const isKey = typeof happenedAt === 'string' && /^\d{4}-[\d:.T-]+Z$/.test(happenedAt) && !Number.isNaN(Date.parse(happenedAt));
  if (!isKey || typeof eventId !== 'string' || !/^evt_\w+$/.test(eventId)) throw new DomainError('cursor_invalid');
  return { happenedAt, eventId };
}

function toActivity({
  principalType,
  principalId,
  happenedAt,
  ...row
}: ActivityRow): OutputOf<typeof listActivity>['data'][number] {
  return { ...row, principal: { type: principalType, id: principalId }, happenedAt: happenedAt.toISOString() };
}
