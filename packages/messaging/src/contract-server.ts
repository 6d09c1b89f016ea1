import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Binding } from './answers.js';
import type { MessagingLog } from './messaging-log.js';
import type { TimeSource } from './time.js';
import type { DeadLetter, Transport } from './transport.js';

/** What a service's server needs. */
export interface ContractServerOptions {
  /** Name of the service: its queue group and the first part of its durables' names. */
  readonly service: string;
  readonly transport: Transport;
  readonly log?: MessagingLog;
  readonly time?: TimeSource;
  /** Keeps events that a durable gave up on; without it they are logged only. */
  onDeadLetter?(letter: DeadLetter): Promise<void>;
}

/** Nest microservice strategy: answers contracts and consumes events over a Transport. */
export class ContractServer extends Server implements CustomTransportStrategy {
  constructor(readonly options: ContractServerOptions) {
    super();
  }

  /** What is bound, for `assertAnswered`; complete once Nest has initialised the service. */
  get bindings(): readonly Binding[] {
    return [];
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    callback(new Error('not yet'));
  }

  async close(): Promise<void> {
    throw new Error('not yet');
  }

  on(): void {}

  unwrap<T>(): T {
    return this.options.transport as T;
  }
}
