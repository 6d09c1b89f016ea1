import type { EventEnvelope } from '@support101/contracts';
import { detached, type Database } from '@support101/database';
import { CommandClient } from './command-client.js';
import { ContractServer } from './contract-server.js';
import { DeadLetters } from './dead-letters.js';
import { Housekeeping } from './housekeeping.js';
import { Idempotency } from './idempotency.js';
import { Inbox } from './inbox.js';
import type { MessagingLog } from './messaging-log.js';
import { Outbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';
import { systemTime, type TimeSource } from '@support101/time';
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
  readonly service: string;
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
  const { service, transport, database, log, time = systemTime } = options;
  const relay = new OutboxRelay({ database, transport, log, time });
  const housekeeping = new Housekeeping(database, { log, time });
  const outbox = new Outbox(service, relay, time);
  const redeliver = (durable: string, event: EventEnvelope) => server.redeliver(durable, event);
  const deadLetters = new DeadLetters(database, redeliver, time, { service, outbox });
  const server: ContractServer = new ContractServer({
    service,
    transport,
    log,
    time,
    onDeadLetter: (letter) => detached(() => deadLetters.keep(letter)),
  });
  return {
    service,
    server,
    client: new CommandClient(transport, time),
    outbox,
    inbox: new Inbox(database, time),
    idempotency: new Idempotency(database, time),
    deadLetters,
    relay,
    start: async () => {
      await relay.start();
      housekeeping.start();
    },
    stop: async () => {
      await Promise.all([relay.close(), housekeeping.stop()]);
    },
  };
}
