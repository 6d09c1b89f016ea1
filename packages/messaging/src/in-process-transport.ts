import type { EventEnvelope } from '@support101/contracts';
import { silentLog, type MessagingLog } from './messaging-log.js';
import { systemTime, type TimeSource } from './time.js';
import type {
  ConsumeOptions,
  ConsumerSubscription,
  EventHandler,
  ObserveFilter,
  PublishResult,
  Subscription,
  Transport,
  TransportStatus,
  WireMessage,
} from './transport.js';

/** Carries commands and events between the services of one process, with the semantics of the wire. */
export class InProcessTransport implements Transport {
  constructor(options: { time?: TimeSource; log?: MessagingLog } = {}) {
    void options.time;
    void systemTime;
    void silentLog;
  }

  /** Lets events flow; call it once all services of the process have registered their durables. Commands flow at once. */
  start(): void {
    throw new Error('not yet');
  }

  request(_subject: string, _message: WireMessage, _options: { timeoutMs: number; signal?: AbortSignal }): Promise<WireMessage> {
    return Promise.reject(new Error('not yet'));
  }

  serve(_subject: string, _group: string, _handler: (message: WireMessage) => Promise<WireMessage>): Promise<Subscription> {
    return Promise.reject(new Error('not yet'));
  }

  publish(_events: readonly EventEnvelope[]): Promise<PublishResult[]> {
    return Promise.reject(new Error('not yet'));
  }

  consume(_options: ConsumeOptions, _handler: EventHandler): Promise<ConsumerSubscription> {
    return Promise.reject(new Error('not yet'));
  }

  observe(_filter: ObserveFilter, _listener: (event: EventEnvelope) => void): Promise<Subscription> {
    return Promise.reject(new Error('not yet'));
  }

  status(): TransportStatus {
    return { kind: 'in-process', state: 'starting', pending: {} };
  }

  close(): Promise<void> {
    return Promise.reject(new Error('not yet'));
  }
}
