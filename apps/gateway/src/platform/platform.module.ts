import { Module, type DynamicModule } from '@nestjs/common';
import { CommandClient } from '@support101/messaging';
import { Clock, HealthBoard, LOG } from '@support101/service-kit';
import { PARTS, type GatewayParts } from './parts.js';

/** Provides what the process gave to all modules of the gateway. */
@Module({})
export class PlatformModule {
  static with(parts: GatewayParts): DynamicModule {
    const providers = [
      { provide: PARTS, useValue: parts },
      { provide: CommandClient, useValue: new CommandClient(parts.transport, parts.time) },
      { provide: Clock, useValue: new Clock(parts.time) },
      { provide: HealthBoard, useValue: parts.health },
      { provide: LOG, useValue: parts.log },
    ];
    return { module: PlatformModule, global: true, providers, exports: providers };
  }
}
