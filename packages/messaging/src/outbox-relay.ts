import type { Database } from '@support101/database';
import type { MessagingLog } from './messaging-log.js';
import type { TimeSource } from './time.js';
import type { Transport } from './transport.js';

/** What a relay needs; times in milliseconds. */
export interface OutboxRelayOptions {
  readonly database: Database;
  readonly transport: Transport;
  readonly log?: MessagingLog;
  readonly time?: TimeSource;
  /** How often it looks without being nudged. */
  readonly pollMs?: number;
  /** How long claimed rows are left alone when this process dies. */
  readonly leaseMs?: number;
}

/** Publishes what the outbox holds, in order per resource, and marks it. */
export class OutboxRelay {
  constructor(readonly options: OutboxRelayOptions) {}

  /** Starts publishing; rows a former process of an embedded database had claimed are taken at once. */
  start(): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }

  /** Look now: something was recorded. */
  nudge(): void {}

  /** Stops claiming, waits for what is being published, gives unpublished rows back. */
  close(): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }
}
