import type { Database } from '@support101/database';
import { CommandClient } from './command-client.js';
import { ContractServer } from './contract-server.js';
import { DeadLetters } from './dead-letters.js';
import { Idempotency } from './idempotency.js';
import { Inbox } from './inbox.js';
import type { MessagingLog } from './messaging-log.js';
import { Outbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';
import type { TimeSource } from './time.js';
import type { Transport } from './transport.js';

/** What one service's messaging is made from. */
export interface ServiceMessagingOptions {
  readonly service: string;
  readonly transport: Transport;
  readonly database: Database;
  readonly log: MessagingLog;
  readonly time?: TimeSource;
}

/** Everything a service with a database needs to answer, ask, record and consume. */
export interface ServiceMessaging {
  readonly server: ContractServer;
  readonly client: CommandClient;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly idempotency: Idempotency;
  readonly deadLetters: DeadLetters;
  readonly relay: OutboxRelay;
  /** Starts the relay and the housekeeping: after the server listens. */
  start(): Promise<void>;
  /** Stops them again: before the server closes. */
  stop(): Promise<void>;
}

/** Puts one service's messaging together. */
export function createServiceMessaging(options: ServiceMessagingOptions): ServiceMessaging {
  const { service, transport, database, log, time } = options;
  const relay = new OutboxRelay({ database, transport, log, ...(time === undefined ? {} : { time }) });
  const deadLetters = new DeadLetters(database, () => Promise.reject(new Error('not yet')), time);
  const server = new ContractServer({
    service,
    transport,
    log,
    onDeadLetter: (letter) => deadLetters.keep(letter),
    ...(time === undefined ? {} : { time }),
  });
  return {
    server,
    client: new CommandClient(transport, time),
    outbox: new Outbox(service, relay, time),
    inbox: new Inbox(database, time),
    idempotency: new Idempotency(database, time),
    deadLetters,
    relay,
    start: () => relay.start(),
    stop: () => relay.close(),
  };
}
