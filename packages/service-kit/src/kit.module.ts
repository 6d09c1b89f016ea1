import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Database } from '@support101/database';
import { Jobs } from '@support101/jobs';
import { CommandClient, DeadLetters, Idempotency, Inbox, Outbox, type ServiceMessaging } from '@support101/messaging';
import { Clock } from './clock.js';
import { deadLettersControllers } from './dead-letters.js';
import { LOG, type Log } from './log.js';
import { ServiceDatabase } from './service-database.js';

/** What every provider of a service may have injected. */
export interface Kit {
  readonly database: Database;
  readonly messaging: ServiceMessaging;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Log;
}

/** Provides the kit to all modules of one service. */
@Module({})
export class KitModule {
  static with(kit: Kit): DynamicModule {
    const { messaging } = kit;
    const providers = [
      ServiceDatabase,
      { provide: Database, useValue: kit.database },
      { provide: CommandClient, useValue: messaging.client },
      { provide: Outbox, useValue: messaging.outbox },
      { provide: Inbox, useValue: messaging.inbox },
      { provide: Idempotency, useValue: messaging.idempotency },
      { provide: DeadLetters, useValue: messaging.deadLetters },
      { provide: Jobs, useValue: kit.jobs },
      { provide: Clock, useValue: kit.clock },
      { provide: LOG, useValue: kit.log },
    ];
    const controllers = deadLettersControllers(messaging.service);
    const exports = [DiscoveryModule, ...providers];
    return { module: KitModule, global: true, imports: [DiscoveryModule], controllers, providers, exports };
  }
}
