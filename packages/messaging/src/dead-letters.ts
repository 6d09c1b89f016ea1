import type { EventEnvelope, TenantId } from '@support101/contracts';
import type { Database } from '@support101/database';
import { systemTime, type TimeSource } from './time.js';
import type { DeadLetter } from './transport.js';

/** A kept dead letter. */
export interface StoredDeadLetter extends DeadLetter {
  readonly tenantId: TenantId;
  readonly failedAt: Date;
}

/** Which dead letters are wanted; newest first. */
export interface DeadLetterFilter {
  readonly tenantId?: TenantId;
  readonly durable?: string;
  readonly limit?: number;
}

/** Gives an event to a durable again. */
export type Redeliver = (durable: string, event: EventEnvelope) => Promise<void>;

/** Events that a durable of this service gave up on, kept in the service's schema until they are replayed. */
export class DeadLetters {
  constructor(
    private readonly database: Database,
    private readonly redeliver: Redeliver,
    private readonly time: TimeSource = systemTime,
  ) {
    void this.database;
    void this.redeliver;
    void this.time;
  }

  /** Keeps a letter; the same event and durable again replaces it. */
  keep(_letter: DeadLetter): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }

  list(_filter: DeadLetterFilter = {}): Promise<StoredDeadLetter[]> {
    return Promise.reject(new Error('not yet'));
  }

  /** Gives the event to its durable again and forgets the letter; on failure the letter stays, with the new reason. */
  replay(_letter: { tenantId: TenantId; durable: string; eventId: string }): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }
}
