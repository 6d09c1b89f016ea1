import { type DynamicModule, Module } from '@nestjs/common';
import { type GatewayNeeds, Installation } from './installation.js';
import { WebhookDatabase } from './webhook-database.js';

/** What every capability of webhook-gateway may use. */
@Module({})
export class PlatformModule {
  static with(needs: GatewayNeeds): DynamicModule {
    const providers = [WebhookDatabase, { provide: Installation, useValue: new Installation(needs) }];
    return { module: PlatformModule, global: true, providers, exports: providers };
  }
}
